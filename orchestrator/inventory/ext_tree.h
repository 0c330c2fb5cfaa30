/* SPDX-License-Identifier: Apache-2.0 */
/* A root file system of ext2, ext3 or ext4 on a disk image, read by libext2fs without mounting it.
 */
#ifndef ORCHESTRATOR_INVENTORY_EXT_TREE_H
#define ORCHESTRATOR_INVENTORY_EXT_TREE_H

#include "disk.h"
#include "file_tree.h"
#include "finds.h"

struct ext_tree;

/* The disk must stay open as long. *ret_tree is NULL where the partition holds no such file system.
   Only on success. */
RB_NODISCARD int ext_tree_open(struct disk *disk, const struct disk_partition *partition,
                               struct ext_tree **ret_tree, struct rb_err *err);
void ext_tree_close(struct ext_tree *tree); /* NULL is allowed */

struct file_tree ext_tree_files(struct ext_tree *tree);

/* Is there a folder etc at the root? */
bool ext_tree_is_root(struct ext_tree *tree);

/* Looks at all files for what finds.h asks for. */
RB_NODISCARD int ext_tree_walk(struct ext_tree *tree, struct finds *finds, struct rb_err *err);

#endif
