/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "disk.h"
#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"

enum {
    SECTOR_BYTES = 512,
    GPT_ENTRY_BYTES = 128,
    GPT_ENTRIES_AT = 72, /* in the header: the first sector of the entries, then their number */
    GPT_COUNT_AT = 80,
    GPT_SIZE_AT = 84,
    GPT_FIRST_AT = 32, /* in an entry */
    GPT_LAST_AT = 40,
    MBR_ENTRIES_AT = 446,
    MBR_ENTRY_BYTES = 16,
    MBR_ENTRIES = 4,
    MBR_KIND_AT = 4,
    MBR_FIRST_AT = 8,
    MBR_COUNT_AT = 12,
    MBR_PROTECTIVE = 0xee,
    MBR_MARK_AT = 510,
    MBR_MARK = 0xaa55
};

struct table {
    struct disk *disk;
    struct disk_partition *partitions;
    size_t count;
};

/* One that does not lie on the disk is none. */
static void add(struct table *table, uint64_t first, uint64_t count)
{
    uint64_t sectors = disk_size(table->disk) / SECTOR_BYTES;
    if (table->count == DISK_PARTITIONS_MAXIMUM || first == 0 || count == 0 || first > sectors ||
        count > sectors - first)
        return;
    table->partitions[table->count++] =
        (struct disk_partition){first * SECTOR_BYTES, count * SECTOR_BYTES};
}

static int read_gpt(struct table *table, const uint8_t *header, struct rb_err *err)
{
    uint64_t entries = rb_le64(header + GPT_ENTRIES_AT);
    uint32_t count = rb_le32(header + GPT_COUNT_AT);
    static const uint8_t unused[16] = {0};
    uint8_t entry[GPT_ENTRY_BYTES];
    if (rb_le32(header + GPT_SIZE_AT) != GPT_ENTRY_BYTES || count > DISK_PARTITIONS_MAXIMUM ||
        entries > disk_size(table->disk) / SECTOR_BYTES)
        return rb_err_set(err, RB_EINVALID, "its partition table is none that is known");
    for (uint32_t i = 0; i < count; i++) {
        int status = disk_read(table->disk, entries * SECTOR_BYTES + (uint64_t)i * GPT_ENTRY_BYTES,
                               entry, sizeof(entry), err);
        if (status != 0)
            return status;
        uint64_t first = rb_le64(entry + GPT_FIRST_AT), last = rb_le64(entry + GPT_LAST_AT);
        if (memcmp(entry, unused, sizeof(unused)) != 0 && last >= first)
            add(table, first, last - first + 1);
    }
    return 0;
}

static void read_mbr(struct table *table, const uint8_t *sector)
{
    for (size_t i = 0; i < MBR_ENTRIES; i++) {
        const uint8_t *entry = sector + MBR_ENTRIES_AT + i * MBR_ENTRY_BYTES;
        if (entry[MBR_KIND_AT] != 0 && entry[MBR_KIND_AT] != MBR_PROTECTIVE)
            add(table, rb_le32(entry + MBR_FIRST_AT), rb_le32(entry + MBR_COUNT_AT));
    }
}

int disk_find_partitions(struct disk *disk,
                         struct disk_partition partitions[DISK_PARTITIONS_MAXIMUM],
                         size_t *ret_count, struct rb_err *err)
{
    uint8_t sectors[2 * SECTOR_BYTES];
    struct table table = {.disk = disk, .partitions = partitions};
    int status = disk_read(disk, 0, sectors, sizeof(sectors), err);
    if (status == 0 && memcmp(sectors + SECTOR_BYTES, "EFI PART", 8) == 0)
        status = read_gpt(&table, sectors + SECTOR_BYTES, err);
    else if (status == 0 && rb_le16(sectors + MBR_MARK_AT) == MBR_MARK)
        read_mbr(&table, sectors);
    if (status == 0 && table.count == 0)
        partitions[table.count++] = (struct disk_partition){0, disk_size(disk)};
    *ret_count = table.count;
    return status;
}
