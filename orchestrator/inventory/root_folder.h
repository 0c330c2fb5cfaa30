/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system in a folder. The kernel resolves links inside it (openat2(2),
   RESOLVE_IN_ROOT), so that none leads out. */
#ifndef ORCHESTRATOR_INVENTORY_ROOT_FOLDER_H
#define ORCHESTRATOR_INVENTORY_ROOT_FOLDER_H

#include "file_tree.h"

struct root_folder {
    int fd;
};

RB_NODISCARD int root_folder_open(struct root_folder *folder, const char *path, struct rb_err *err);
void root_folder_close(struct root_folder *folder);
struct file_tree root_folder_tree(struct root_folder *folder);

#endif
