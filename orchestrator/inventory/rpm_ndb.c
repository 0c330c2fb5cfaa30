/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ndb, rpm's own format (rpm's lib/backend/ndb/rpmpkg.c), with the least significant byte first:
 *
 *     page of 4096:  header of 32 bytes, then slots of 16 bytes to the end of the last slot page
 *     slot:          "Slot", number of the package (0: free), first block, count of blocks
 *     blocks of 16:  "BlbS", number, generation, size; a header; zeros; checksum, size, "BlbE"
 */
#include <string.h>

#include "rebake/base/bytes.h"
#include "rpm_database.h"

enum { HEADER_BYTES = 32, PAGE_BYTES = 4096, SLOT_BYTES = 16, BLOCK_BYTES = 16 };
enum { HEAD_BYTES = 16, TAIL_BYTES = 12 };

static bool has_mark(const uint8_t *at, const char mark[4])
{
    return memcmp(at, mark, 4) == 0;
}

/* The header in the blocks that a slot names. */
static bool open_blob(struct rpm_bytes file, const uint8_t *slot, struct rpm_bytes *ret_header)
{
    uint64_t offset = (uint64_t)rb_le32(slot + 8) * BLOCK_BYTES;
    uint64_t size = (uint64_t)rb_le32(slot + 12) * BLOCK_BYTES;
    if (size < HEAD_BYTES + TAIL_BYTES || offset > file.size || size > file.size - offset)
        return false;
    const uint8_t *head = file.data + offset, *tail = head + size - TAIL_BYTES;
    uint32_t header_size = rb_le32(head + 12);
    if (!has_mark(head, "BlbS") || !has_mark(tail + 8, "BlbE") ||
        rb_le32(head + 4) != rb_le32(slot + 4) || rb_le32(tail + 4) != header_size ||
        header_size > size - HEAD_BYTES - TAIL_BYTES)
        return false;
    *ret_header = (struct rpm_bytes){head + HEAD_BYTES, header_size};
    return true;
}

int rpm_ndb_read(struct rpm_bytes file, rpm_header_sink *sink, void *context, struct rb_err *err)
{
    if (file.size < HEADER_BYTES || !has_mark(file.data, "RpmP") || rb_le32(file.data + 4) != 0)
        return rb_err_set(err, RB_EINVALID, "not an ndb database of version 0");
    uint64_t slots_end = (uint64_t)rb_le32(file.data + 12) * PAGE_BYTES;
    size_t left = file.size; /* slots that name the same blocks add up to more than there is */
    if (slots_end > file.size)
        return rb_err_set(err, RB_EINVALID, "it ends early: %zu bytes", file.size);
    for (size_t at = HEADER_BYTES; at < slots_end; at += SLOT_BYTES) {
        const uint8_t *slot = file.data + at;
        struct rpm_bytes header;
        if (!has_mark(slot, "Slot"))
            return rb_err_set(err, RB_EINVALID, "there is no slot at byte %zu", at);
        if (rb_le32(slot + 8) == 0)
            continue;
        if (!open_blob(file, slot, &header) || header.size > left)
            return rb_err_set(err, RB_EINVALID, "package %u is not where its slot says",
                              rb_le32(slot + 4));
        left -= header.size;
        int status = sink(context, header, err);
        if (status != 0)
            return rb_err_wrap(err, "package %u", rb_le32(slot + 4));
    }
    return 0;
}
