/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hash of Berkeley DB (libdb's src/dbinc/db_page.h), in the byte order of the machine that
 * wrote it. Every page is looked at once, in the order of the file: what the hash leads to is all
 * of them.
 *
 *     page 0:      at 12 magic, 16 version, 20 page size, 24 encryption, 26 flags, 32 last page
 *     any page:    at 8 its number, 16 next page, 20 count of items, 22 where they begin, 25 type;
 * at 26 the places of the items, which stand from the page's end downwards: key, value item: 1 and
 * bytes, or 3, three bytes unused, first page and size of an overflow overflow:    at 22 how many
 * bytes of it are on this page, from 26 on
 */
#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rpm_database.h"

enum { META_BYTES = 512, PAGE_HEADER_BYTES = 26, PAGE_MINIMUM = 512, PAGE_MAXIMUM = 65536 };
enum { MAGIC = 0x061561, VERSION_MINIMUM = 8, VERSION_MAXIMUM = 10, FLAG_CHECKSUM = 1 };
enum { PAGE_UNSORTED = 2, PAGE_OVERFLOW = 7, PAGE_HASH = 13 };
enum { ITEM_BYTES = 1, ITEM_OVERFLOW = 3, OVERFLOW_ITEM_BYTES = 12 };

struct bdb {
    struct rpm_bytes file;
    bool swapped; /* the most significant byte comes first */
    uint32_t page_size;
    uint32_t page_count;
    struct rb_strbuf value; /* of an overflow, put together */
    size_t left;            /* bytes of values that may still come: no more than the file has */
    rpm_header_sink *sink;
    void *context;
};

static uint32_t get32(const struct bdb *bdb, const uint8_t *at)
{
    return bdb->swapped ? rb_be32(at) : rb_le32(at);
}

static uint16_t get16(const struct bdb *bdb, const uint8_t *at)
{
    return bdb->swapped ? rb_be16(at) : rb_le16(at);
}

static int open_bdb(struct bdb *bdb, struct rb_err *err)
{
    const uint8_t *meta = bdb->file.data;
    if (bdb->file.size < META_BYTES)
        return rb_err_set(err, RB_EINVALID, "not a database: it has %zu bytes", bdb->file.size);
    bdb->swapped = rb_be32(meta + 12) == MAGIC;
    if (get32(bdb, meta + 12) != MAGIC)
        return rb_err_set(err, RB_EINVALID, "not a hash of Berkeley DB");
    uint32_t version = get32(bdb, meta + 16), page_size = get32(bdb, meta + 20);
    if (version < VERSION_MINIMUM || version > VERSION_MAXIMUM)
        return rb_err_set(err, RB_EINVALID,
                          "a hash of Berkeley DB in version %u: %d to %d are read", version,
                          VERSION_MINIMUM, VERSION_MAXIMUM);
    if (meta[24] != 0 || (meta[26] & FLAG_CHECKSUM) != 0)
        return rb_err_set(err, RB_EINVALID, "its pages are encrypted or have checksums");
    if (page_size < PAGE_MINIMUM || page_size > PAGE_MAXIMUM || (page_size & (page_size - 1)) != 0)
        return rb_err_set(err, RB_EINVALID, "pages of %u bytes", page_size);
    bdb->page_size = page_size;
    bdb->page_count = (uint32_t)(bdb->file.size / page_size);
    if (get32(bdb, meta + 32) >= bdb->page_count)
        return rb_err_set(err, RB_EINVALID, "it ends early: page %u of %u", bdb->page_count,
                          get32(bdb, meta + 32));
    return 0;
}

static const uint8_t *page_at(const struct bdb *bdb, uint32_t number)
{
    if (number == 0 || number >= bdb->page_count)
        return NULL;
    const uint8_t *page = bdb->file.data + (size_t)number * bdb->page_size;
    return get32(bdb, page + 8) == number ? page : NULL;
}

/* Puts an overflow together in bdb->value. */
static bool read_overflow(struct bdb *bdb, uint32_t number, size_t size)
{
    rb_strbuf_clear(&bdb->value);
    while (size > 0) {
        const uint8_t *page = page_at(bdb, number);
        if (page == NULL || page[25] != PAGE_OVERFLOW)
            return false;
        size_t part = get16(bdb, page + 22);
        if (part == 0 || part > size || part > bdb->page_size - PAGE_HEADER_BYTES)
            return false;
        if (!rb_strbuf_append(&bdb->value, page + PAGE_HEADER_BYTES, part))
            return false;
        size -= part;
        number = get32(bdb, page + 16);
    }
    return true;
}

/* The item between two places of a page. */
static bool read_item(struct bdb *bdb, const uint8_t *page, size_t begin, size_t end,
                      struct rpm_bytes *ret_bytes)
{
    if (begin < PAGE_HEADER_BYTES || begin >= end || end > bdb->page_size)
        return false;
    const uint8_t *item = page + begin;
    if (item[0] == ITEM_BYTES) {
        *ret_bytes = (struct rpm_bytes){item + 1, end - begin - 1};
    } else if (item[0] == ITEM_OVERFLOW && end - begin == OVERFLOW_ITEM_BYTES) {
        size_t size = get32(bdb, item + 8);
        if (size > bdb->left || !read_overflow(bdb, get32(bdb, item + 4), size))
            return false;
        *ret_bytes = (struct rpm_bytes){(const uint8_t *)bdb->value.data, size};
    } else {
        return false;
    }
    if (ret_bytes->size > bdb->left)
        return false;
    bdb->left -= ret_bytes->size;
    return true;
}

static int broken_page(uint32_t number, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "page %u is broken", number);
}

/* Keys are the numbers of packages; number 0 holds the highest of them. */
static int read_page(struct bdb *bdb, uint32_t number, const uint8_t *page, struct rb_err *err)
{
    size_t count = get16(bdb, page + 20);
    const uint8_t *places = page + PAGE_HEADER_BYTES;
    if (count % 2 != 0 || count > (bdb->page_size - PAGE_HEADER_BYTES) / 2)
        return broken_page(number, err);
    size_t end = bdb->page_size;
    for (size_t i = 0; i < count; i += 2) {
        size_t key_begin = get16(bdb, places + 2 * i), value_begin = get16(bdb, places + 2 * i + 2);
        struct rpm_bytes key, value;
        if (!read_item(bdb, page, key_begin, end, &key) || key.size != sizeof(uint32_t))
            return broken_page(number, err);
        bool is_package = rb_le32(key.data) != 0;
        if (!read_item(bdb, page, value_begin, key_begin, &value))
            return broken_page(number, err);
        end = value_begin;
        int status = is_package ? bdb->sink(bdb->context, value, err) : 0;
        if (status != 0)
            return rb_err_wrap(err, "page %u", number);
    }
    return 0;
}

static int read_pages(struct bdb *bdb, struct rb_err *err)
{
    for (uint32_t number = 1; number < bdb->page_count; number++) {
        const uint8_t *page = bdb->file.data + (size_t)number * bdb->page_size;
        if (page[25] != PAGE_HASH && page[25] != PAGE_UNSORTED)
            continue;
        int status = read_page(bdb, number, page, err);
        if (status != 0)
            return status;
    }
    return 0;
}

int rpm_bdb_read(struct rpm_bytes file, rpm_header_sink *sink, void *context, struct rb_err *err)
{
    struct bdb bdb = {.file = file,
                      .value = RB_STRBUF_INIT(file.size),
                      .left = file.size,
                      .sink = sink,
                      .context = context};
    int status = open_bdb(&bdb, err);
    if (status == 0)
        status = read_pages(&bdb, err);
    rb_strbuf_deinit(&bdb.value);
    return status;
}
