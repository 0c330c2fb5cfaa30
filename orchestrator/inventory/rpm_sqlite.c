/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpmdb.sqlite: the table Packages (hnum INTEGER PRIMARY KEY, blob BLOB), a header a row. Table
 * b-trees alone are walked (sqlite.org/fileformat2.html, "B-tree Pages", "Cell Payload Overflow
 * Pages", "Record Format"), from the schema's on page 1 to that of the table.
 */
#include <string.h>
#include <strings.h>

#include "rebake/base/bytes.h"
#include "rebake/base/strbuf.h"
#include "sqlite_pages.h"

enum { PAGE_INTERIOR = 5, PAGE_LEAF = 13, DEPTH_MAXIMUM = 20, SCHEMA_ROOT = 1 };
enum { SCHEMA_TYPE, SCHEMA_NAME, SCHEMA_TABLE, SCHEMA_ROOT_PAGE, SCHEMA_COLUMNS };
enum { PACKAGES_NUMBER, PACKAGES_HEADER, PACKAGES_COLUMNS };

struct walk {
    const struct sqlite_pages *pages;
    struct rb_strbuf payload; /* of the row at hand */
    size_t pages_left; /* that may still be looked at, and bytes that rows may still have: a */
    size_t bytes_left; /* sound tree has no page and no byte twice */
    int (*take)(struct walk *walk, struct rpm_bytes row, struct rb_err *err);
    uint32_t packages_root; /* what the schema says; 0 for nothing */
    rpm_header_sink *sink;
    void *context;
};

struct column {
    uint64_t type;
    struct rpm_bytes value;
};

/* Up to nine bytes, the most significant first, seven bits of each but the last. */
static bool read_number(struct rpm_bytes *from, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (int i = 0; i < 9 && from->size > 0; i++) {
        uint8_t byte = *from->data++;
        from->size--;
        if (i == 8) {
            *ret_value = value << 8 | byte;
            return true;
        }
        value = value << 7 | (byte & 0x7f);
        if ((byte & 0x80) == 0) {
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static uint64_t size_of_type(uint64_t type)
{
    static const uint8_t SIZES[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0};
    return type < sizeof(SIZES) ? SIZES[type] : (type - 12) / 2;
}

/* The first `count` columns of a row. */
static bool read_row(struct rpm_bytes row, struct column *columns, size_t count)
{
    struct rpm_bytes types = row;
    uint64_t head_size;
    if (!read_number(&types, &head_size) || head_size > row.size ||
        head_size < row.size - types.size)
        return false;
    types.size = (size_t)head_size - (row.size - types.size);
    struct rpm_bytes values = {row.data + head_size, row.size - (size_t)head_size};
    for (size_t i = 0; i < count; i++) {
        if (!read_number(&types, &columns[i].type))
            return false;
        uint64_t size = size_of_type(columns[i].type);
        if (size > values.size)
            return false;
        columns[i].value = (struct rpm_bytes){values.data, (size_t)size};
        values.data += size;
        values.size -= (size_t)size;
    }
    return true;
}

static bool is_text(const struct column *column, const char *text)
{
    return column->type >= 13 && column->type % 2 == 1 && column->value.size == strlen(text) &&
           strncasecmp((const char *)column->value.data, text, column->value.size) == 0;
}

static bool is_blob(const struct column *column)
{
    return column->type >= 12 && column->type % 2 == 0;
}

/* 0 where it is no number of a page. */
static uint32_t page_number(const struct column *column)
{
    uint64_t value = 0;
    if (column->type == 9)
        return 1;
    if (column->type < 1 || column->type > 6)
        return 0;
    for (size_t i = 0; i < column->value.size; i++)
        value = value << 8 | column->value.data[i];
    return value <= INT32_MAX ? (uint32_t)value : 0;
}

static int take_schema_row(struct walk *walk, struct rpm_bytes row, struct rb_err *err)
{
    struct column columns[SCHEMA_COLUMNS];
    if (!read_row(row, columns, SCHEMA_COLUMNS))
        return rb_err_set(err, RB_EINVALID, "its schema is broken");
    if (is_text(&columns[SCHEMA_TYPE], "table") && is_text(&columns[SCHEMA_NAME], "Packages"))
        walk->packages_root = page_number(&columns[SCHEMA_ROOT_PAGE]);
    return 0;
}

static int take_package_row(struct walk *walk, struct rpm_bytes row, struct rb_err *err)
{
    struct column columns[PACKAGES_COLUMNS];
    if (!read_row(row, columns, PACKAGES_COLUMNS) || !is_blob(&columns[PACKAGES_HEADER]))
        return rb_err_set(err, RB_EINVALID, "a row of table Packages is broken");
    return walk->sink(walk->context, columns[PACKAGES_HEADER].value, err);
}

static const uint8_t *visit(struct walk *walk, uint32_t number)
{
    if (walk->pages_left == 0)
        return NULL;
    walk->pages_left--;
    return sqlite_page(walk->pages, number);
}

/* How many bytes of a row of that size stand on its leaf page. */
static size_t size_on_leaf(size_t usable, uint64_t size)
{
    if (size <= usable - 35)
        return (size_t)size;
    size_t minimum = (usable - 12) * 32 / 255 - 23;
    size_t rest = minimum + (size_t)((size - minimum) % (usable - 4));
    return rest <= usable - 35 ? rest : minimum;
}

/* Puts the row of a leaf's cell together: what stands here, and what its overflow pages have. */
static bool read_cell(struct walk *walk, struct rpm_bytes cell, struct rpm_bytes *ret_row)
{
    uint64_t size, number;
    size_t usable = walk->pages->usable_size;
    if (!read_number(&cell, &size) || !read_number(&cell, &number) || size > walk->bytes_left)
        return false;
    size_t part = size_on_leaf(usable, size), left = (size_t)size - part;
    if (part > cell.size || (left > 0 && cell.size - part < 4))
        return false;
    walk->bytes_left -= (size_t)size;
    if (left == 0) {
        *ret_row = (struct rpm_bytes){cell.data, part};
        return true;
    }
    rb_strbuf_clear(&walk->payload);
    (void)rb_strbuf_append(&walk->payload, cell.data, part);
    for (uint32_t next = rb_be32(cell.data + part); left > 0;) {
        const uint8_t *page = visit(walk, next);
        if (page == NULL)
            return false;
        part = left < usable - 4 ? left : usable - 4;
        (void)rb_strbuf_append(&walk->payload, page + 4, part);
        left -= part;
        next = rb_be32(page);
    }
    *ret_row = (struct rpm_bytes){(const uint8_t *)walk->payload.data, (size_t)size};
    return true;
}

static int broken_page(uint32_t number, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "its page %u is broken", number);
}

static int walk_leaf(struct walk *walk, uint32_t number, const uint8_t *page, const uint8_t *head,
                     struct rb_err *err)
{
    size_t count = rb_be16(head + 3), usable = walk->pages->usable_size;
    const uint8_t *places = head + 8;
    if (2 * count > usable - (size_t)(places - page))
        return broken_page(number, err);
    for (size_t i = 0; i < count; i++) {
        size_t begin = rb_be16(places + 2 * i);
        struct rpm_bytes row;
        if (begin >= usable ||
            !read_cell(walk, (struct rpm_bytes){page + begin, usable - begin}, &row))
            return broken_page(number, err);
        int status = walk->take(walk, row, err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int walk_tree(struct walk *walk, uint32_t number, int depth, struct rb_err *err)
{
    const uint8_t *page = visit(walk, number);
    if (page == NULL || depth > DEPTH_MAXIMUM)
        return broken_page(number, err);
    const uint8_t *head = number == 1 ? page + 100 : page;
    if (head[0] == PAGE_LEAF)
        return walk_leaf(walk, number, page, head, err);
    size_t count = rb_be16(head + 3), usable = walk->pages->usable_size;
    const uint8_t *places = head + 12;
    if (head[0] != PAGE_INTERIOR || 2 * count > usable - (size_t)(places - page))
        return broken_page(number, err);
    for (size_t i = 0; i < count; i++) {
        size_t begin = rb_be16(places + 2 * i);
        if (begin + 4 > usable)
            return broken_page(number, err);
        int status = walk_tree(walk, rb_be32(page + begin), depth + 1, err);
        if (status != 0)
            return status;
    }
    return walk_tree(walk, rb_be32(head + 8), depth + 1, err);
}

static int walk_table(struct walk *walk, uint32_t root,
                      int (*take)(struct walk *walk, struct rpm_bytes row, struct rb_err *err),
                      struct rb_err *err)
{
    walk->pages_left = walk->pages->count;
    walk->bytes_left = (size_t)walk->pages->count * walk->pages->page_size;
    walk->payload.maximum = walk->bytes_left;
    walk->take = take;
    return walk_tree(walk, root, 0, err);
}

int rpm_sqlite_read(struct rpm_bytes file, struct rpm_bytes log, rpm_header_sink *sink,
                    void *context, struct rb_err *err)
{
    struct sqlite_pages pages;
    int status = sqlite_pages_open(&pages, file, log, err);
    if (status != 0)
        return status;
    struct walk walk = {.pages = &pages, .sink = sink, .context = context};
    status = walk_table(&walk, SCHEMA_ROOT, take_schema_row, err);
    if (status == 0 && walk.packages_root == 0)
        status = rb_err_set(err, RB_EINVALID, "it has no table Packages");
    if (status == 0)
        status = walk_table(&walk, walk.packages_root, take_package_row, err);
    rb_strbuf_deinit(&walk.payload);
    sqlite_pages_close(&pages);
    return status;
}
