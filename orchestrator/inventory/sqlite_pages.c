/* SPDX-License-Identifier: Apache-2.0 */
#include "sqlite_pages.h"

#include <string.h>

#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"

enum { FILE_HEADER_BYTES = 100, PAGE_MINIMUM = 512, PAGE_MAXIMUM = 65536, USABLE_MINIMUM = 480 };
enum { LOG_HEADER_BYTES = 32, FRAME_HEADER_BYTES = 24, LOG_FORMAT = 3007000, UTF_8 = 1 };
static const uint32_t LOG_MAGIC =
    0x377f0682; /* and a bit that tells of its checksums' byte order */

struct log {
    struct rpm_bytes bytes;
    size_t page_size;
    bool big_endian; /* of checksums alone */
    uint32_t sum[2];
    size_t frame_count;  /* up to the last transaction's end */
    uint32_t page_count; /* of the database after it */
};

/* "Checksum Algorithm": over pairs of numbers, so size is a multiple of 8. */
static void add_to_sum(struct log *log, const uint8_t *data, size_t size)
{
    uint32_t a = log->sum[0], b = log->sum[1];
    for (size_t i = 0; i < size; i += 8) {
        a += (log->big_endian ? rb_be32(data + i) : rb_le32(data + i)) + b;
        b += (log->big_endian ? rb_be32(data + i + 4) : rb_le32(data + i + 4)) + a;
    }
    log->sum[0] = a;
    log->sum[1] = b;
}

static bool sum_is(const struct log *log, const uint8_t *at)
{
    return log->sum[0] == rb_be32(at) && log->sum[1] == rb_be32(at + 4);
}

static bool open_log(struct log *log)
{
    const uint8_t *header = log->bytes.data;
    if (log->bytes.size < LOG_HEADER_BYTES || (rb_be32(header) & ~UINT32_C(1)) != LOG_MAGIC ||
        rb_be32(header + 4) != LOG_FORMAT || rb_be32(header + 8) != log->page_size)
        return false;
    log->big_endian = (rb_be32(header) & 1) != 0;
    add_to_sum(log, header, LOG_HEADER_BYTES - 8);
    return sum_is(log, header + LOG_HEADER_BYTES - 8);
}

static const uint8_t *frame_at(const struct log *log, size_t number)
{
    size_t frame_bytes = FRAME_HEADER_BYTES + log->page_size;
    if (number >= (log->bytes.size - LOG_HEADER_BYTES) / frame_bytes)
        return NULL;
    return log->bytes.data + LOG_HEADER_BYTES + number * frame_bytes;
}

/* A frame counts if it is of this round of the log, its checksum holds, and so do those before. */
static void find_end(struct log *log)
{
    const uint8_t *frame, *salt = log->bytes.data + 16;
    for (size_t i = 0; (frame = frame_at(log, i)) != NULL; i++) {
        add_to_sum(log, frame, 8);
        add_to_sum(log, frame + FRAME_HEADER_BYTES, log->page_size);
        if (memcmp(frame + 8, salt, 8) != 0 || !sum_is(log, frame + 16))
            return;
        if (rb_be32(frame + 4) != 0) {
            log->frame_count = i + 1;
            log->page_count = rb_be32(frame + 4);
        }
    }
}

static int apply_log(struct sqlite_pages *pages, struct log *log, struct rb_err *err)
{
    if (!open_log(log))
        return 0;
    find_end(log);
    if (log->frame_count == 0)
        return 0;
    if (log->page_count > pages->count + log->frame_count)
        return rb_err_set(err, RB_EINVALID, "its log speaks of %u pages, which are not there",
                          log->page_count);
    pages->count = log->page_count;
    pages->from_log = rb_calloc(pages->count, sizeof(*pages->from_log));
    for (size_t i = 0; i < log->frame_count; i++) {
        const uint8_t *frame = frame_at(log, i);
        uint32_t number = rb_be32(frame);
        if (number >= 1 && number <= pages->count) /* else it was cut off later */
            pages->from_log[number - 1] = frame + FRAME_HEADER_BYTES;
    }
    return 0;
}

int sqlite_pages_open(struct sqlite_pages *pages, struct rpm_bytes file, struct rpm_bytes log,
                      struct rb_err *err)
{
    static const char MAGIC[] = "SQLite format 3";
    if (file.size < FILE_HEADER_BYTES || memcmp(file.data, MAGIC, sizeof(MAGIC)) != 0)
        return rb_err_set(err, RB_EINVALID, "not an SQLite database");
    size_t page_size = rb_be16(file.data + 16);
    if (page_size == 1)
        page_size = PAGE_MAXIMUM;
    if (page_size < PAGE_MINIMUM || (page_size & (page_size - 1)) != 0 ||
        page_size - file.data[20] < USABLE_MINIMUM)
        return rb_err_set(err, RB_EINVALID, "SQLite pages of %zu bytes", page_size);
    if (rb_be32(file.data + 56) != UTF_8)
        return rb_err_set(err, RB_EINVALID, "an SQLite database whose text is not UTF-8");
    *pages = (struct sqlite_pages){.file = file,
                                   .page_size = page_size,
                                   .usable_size = page_size - file.data[20],
                                   .count = (uint32_t)(file.size / page_size)};
    struct log opened = {.bytes = log, .page_size = page_size};
    return apply_log(pages, &opened, err);
}

void sqlite_pages_close(struct sqlite_pages *pages)
{
    rb_free(pages->from_log);
    pages->from_log = NULL;
}

const uint8_t *sqlite_page(const struct sqlite_pages *pages, uint32_t number)
{
    if (number == 0 || number > pages->count)
        return NULL;
    if (pages->from_log != NULL && pages->from_log[number - 1] != NULL)
        return pages->from_log[number - 1];
    size_t offset = (size_t)(number - 1) * pages->page_size;
    return pages->page_size <= pages->file.size && offset <= pages->file.size - pages->page_size
               ? pages->file.data + offset
               : NULL;
}
