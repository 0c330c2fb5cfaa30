/* SPDX-License-Identifier: Apache-2.0 */
/* A disk image, to be read at any place: as it is (raw), or qcow2 by way of qemu-nbd(8), which
   knows that format and its compression. */
#ifndef ORCHESTRATOR_INVENTORY_DISK_H
#define ORCHESTRATOR_INVENTORY_DISK_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

struct disk;

/* RB_EINVALID for a qcow2 image that keeps its content in another file: whose that is, it must not
   say. */
RB_NODISCARD int disk_open(const char *path, struct disk **ret_disk, struct rb_err *err);
void disk_close(struct disk *disk); /* NULL is allowed */

uint64_t disk_size(const struct disk *disk); /* bytes */
/* RB_EINVALID where the disk ends before that. */
RB_NODISCARD int disk_read(struct disk *disk, uint64_t offset, void *buffer, size_t size,
                           struct rb_err *err);

enum { DISK_PARTITIONS_MAXIMUM = 128 };

struct disk_partition {
    uint64_t offset; /* bytes */
    uint64_t size;
};

/* The partitions by the GUID partition table (UEFI specification, section 5.3), else those of the
   master boot record; where there is neither, the disk as a whole. Returns how many there are. */
RB_NODISCARD int disk_find_partitions(struct disk *disk,
                                      struct disk_partition partitions[DISK_PARTITIONS_MAXIMUM],
                                      size_t *ret_count, struct rb_err *err);

#endif
