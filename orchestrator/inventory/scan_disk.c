/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_disk.h"

static int find_root(struct scanned_disk *scanned, const char *path, struct rb_err *err)
{
    struct disk_partition partitions[DISK_PARTITIONS_MAXIMUM];
    size_t count;
    int status = disk_find_partitions(scanned->disk, partitions, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = ext_tree_open(scanned->disk, &partitions[i], &scanned->root, err);
        if (status != 0 || (scanned->root != NULL && ext_tree_is_root(scanned->root)))
            return status;
        ext_tree_close(scanned->root);
        scanned->root = NULL;
    }
    return status != 0 ? status
                       : rb_err_set(err, RB_ENOTFOUND,
                                    "%s: none of its %zu partitions holds a root file system of "
                                    "ext2, ext3 or ext4",
                                    path, count);
}

int scanned_disk_open(struct scanned_disk *scanned, const char *path, struct rb_err *err)
{
    *scanned = (struct scanned_disk){0};
    finds_init(&scanned->finds, &scanned->budget);
    int status = disk_open(path, &scanned->disk, err);
    if (status == 0)
        status = find_root(scanned, path, err);
    return status == 0 ? ext_tree_walk(scanned->root, &scanned->finds, err) : status;
}

void scanned_disk_close(struct scanned_disk *scanned)
{
    ext_tree_close(scanned->root);
    disk_close(scanned->disk);
    finds_deinit(&scanned->finds);
}
