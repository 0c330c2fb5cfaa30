/* SPDX-License-Identifier: Apache-2.0 */
/* All files of a root file system in a folder, looked at for what finds.h asks for. Links are not
   followed, other file systems not entered. */
#ifndef ORCHESTRATOR_INVENTORY_ROOT_WALK_H
#define ORCHESTRATOR_INVENTORY_ROOT_WALK_H

#include "finds.h"
#include "root_folder.h"

RB_NODISCARD int root_walk(const struct root_folder *folder, struct finds *finds,
                           struct rb_err *err);

#endif
