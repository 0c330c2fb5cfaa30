/* SPDX-License-Identifier: Apache-2.0 */
/* The root file system of a host, in a disk image. */
#ifndef ORCHESTRATOR_INVENTORY_SCAN_DISK_H
#define ORCHESTRATOR_INVENTORY_SCAN_DISK_H

#include "ext_tree.h"

/* A disk image with its root file system, opened. */
struct scanned_disk {
    struct disk *disk;
    struct ext_tree *root;
    struct language_budget budget; /* of the finds */
    struct finds finds;
};

/* The first partition that holds a root file system. RB_ENOTFOUND where none does: ext2, ext3 and
   ext4 are known. Close it in both cases. */
RB_NODISCARD int scanned_disk_open(struct scanned_disk *scanned, const char *path,
                                   struct rb_err *err);
void scanned_disk_close(struct scanned_disk *scanned);

#endif
