/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of package managers that may stand in a root file system. All that are there are
   read: an image may have several. */
#ifndef ORCHESTRATOR_INVENTORY_DATABASES_H
#define ORCHESTRATOR_INVENTORY_DATABASES_H

#include "file_tree.h"
#include "layer.h"
#include "rebake/inventory/package.h"

void databases_want(struct wanted *wanted);
RB_NODISCARD int databases_read(const struct file_tree *tree, struct rb_inventory *inventory,
                                struct rb_err *err);

#endif
