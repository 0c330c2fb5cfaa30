/* SPDX-License-Identifier: Apache-2.0 */
/* A file: the header, the rows sorted by CVE, the strings with a NUL behind each, the first "". */
#include "rebake/advisory/threat.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/index_strings.h"
#include "rebake/inventory/mapped.h"
#include "threat_format.h"

enum { THREATS_MAXIMUM = 10 * 1000 * 1000 };
static const int64_t DAY_MS = INT64_C(24) * 60 * 60 * 1000;
static const double SHARE = 1e6; /* shares are kept as whole numbers of this */

struct rb_threats_builder {
    enum rb_threats_kind kind;
    struct rb_index_strings strings;
    struct rb_threat_row *rows;
    size_t count;
    size_t capacity;
};

struct rb_threats {
    void *map;
    size_t map_size;
    const struct rb_threats_header *header;
    const struct rb_threat_row *rows;
    const char *strings;
};

static const char *read_number(const char *text, uint64_t maximum, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *at = text;
    for (; *at >= '0' && *at <= '9' && number <= maximum; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    *ret_number = number;
    return at == text || number > maximum ? NULL : at;
}

bool rb_cve_parse(const char *name, uint64_t *ret_number)
{
    enum { NUMBER_BITS = 48 };
    uint64_t year, number;
    if (!rb_text_starts_with(name, "CVE-"))
        return false;
    const char *at = read_number(name + strlen("CVE-"), 9999, &year);
    if (at == NULL || *at != '-')
        return false;
    at = read_number(at + 1, (UINT64_C(1) << NUMBER_BITS) - 1, &number);
    if (at == NULL || *at != '\0')
        return false;
    *ret_number = year << NUMBER_BITS | number;
    return true;
}

struct rb_threats_builder *rb_threats_builder_new(enum rb_threats_kind kind)
{
    struct rb_threats_builder *builder = rb_zalloc(sizeof(*builder));
    builder->kind = kind;
    rb_index_strings_init(&builder->strings, NULL, 0);
    return builder;
}

void rb_threats_builder_free(struct rb_threats_builder *builder)
{
    if (builder == NULL)
        return;
    rb_index_strings_deinit(&builder->strings);
    rb_free(builder->rows);
    rb_free(builder);
}

static int add(struct rb_threats_builder *builder, const char *cve, struct rb_threat_row row,
               struct rb_err *err)
{
    if (!rb_cve_parse(cve, &row.cve))
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is no CVE", cve);
    if (builder->count == THREATS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "more than %d CVEs", THREATS_MAXIMUM);
    if (builder->count == builder->capacity) {
        builder->capacity = builder->capacity == 0 ? 1024 : builder->capacity * 2;
        builder->rows = rb_reallocarray(builder->rows, builder->capacity, sizeof(builder->rows[0]));
    }
    row.place = (uint32_t)builder->count & INT32_MAX;
    builder->rows[builder->count++] = row;
    return 0;
}

static uint32_t to_days(int64_t at)
{
    int64_t days = at / DAY_MS;
    return days > 0 && days <= UINT32_MAX ? (uint32_t)days : 0;
}

int rb_threats_builder_add_exploited(struct rb_threats_builder *builder, const char *cve,
                                     const struct rb_exploited *exploited, struct rb_err *err)
{
    RB_ASSERT(builder->kind == RB_THREATS_KEV);
    struct rb_threat_row row = {
        .first = to_days(exploited->added_at),
        .second = to_days(exploited->due_at),
        .name = rb_index_strings_put(&builder->strings, exploited->name, strlen(exploited->name)),
        .is_ransomware = exploited->ransomware,
    };
    return add(builder, cve, row, err);
}

static uint32_t to_share(double share)
{
    return share > 0 && share <= 1 ? (uint32_t)(share * SHARE + 0.5) : 0;
}

int rb_threats_builder_add_epss(struct rb_threats_builder *builder, const char *cve,
                                const struct rb_epss *epss, struct rb_err *err)
{
    RB_ASSERT(builder->kind == RB_THREATS_EPSS);
    struct rb_threat_row row = {.first = to_share(epss->score),
                                .second = to_share(epss->percentile)};
    return add(builder, cve, row, err);
}

size_t rb_threats_builder_count(const struct rb_threats_builder *builder)
{
    return builder->count;
}

/* Of one CVE the last that was added comes first. */
static int compare_rows(const void *left, const void *right)
{
    const struct rb_threat_row *a = left, *b = right;
    if (a->cve != b->cve)
        return a->cve < b->cve ? -1 : 1;
    return (a->place < b->place) - (a->place > b->place);
}

static void sort_rows(struct rb_threats_builder *builder)
{
    struct rb_threat_row *rows = builder->rows;
    size_t kept = 0;
    if (builder->count > 0)
        qsort(rows, builder->count, sizeof(rows[0]), compare_rows);
    for (size_t i = 0; i < builder->count; i++) {
        if (kept == 0 || rows[kept - 1].cve != rows[i].cve)
            rows[kept++] = rows[i];
    }
    builder->count = kept;
}

int rb_threats_builder_write(struct rb_threats_builder *builder, const char *path,
                             struct rb_err *err)
{
    enum { HEADER, ROWS, STRINGS, PIECES };
    sort_rows(builder);
    struct rb_threats_header header = {
        .magic = RB_THREATS_MAGIC,
        .kind = builder->kind,
        .count = (uint32_t)builder->count,
        .strings_size = (uint32_t)rb_index_strings_size(&builder->strings),
    };
    struct iovec pieces[PIECES] = {
        [HEADER] = rb_mapped_piece(&header, sizeof(header)),
        [ROWS] = rb_mapped_piece(builder->rows, builder->count * sizeof(builder->rows[0])),
        [STRINGS] = rb_mapped_piece(rb_index_strings_at(&builder->strings, 0), header.strings_size),
    };
    header.checksum = rb_mapped_checksum(&pieces[ROWS], PIECES - ROWS);
    return rb_file_write_pieces(path, pieces, PIECES, 0644, err);
}

static int refuse(const char *path, const char *reason, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: not a file of threats of this version of Rebake: %s",
                      path, reason);
}

static int verify(const char *path, struct rb_threats *threats, struct rb_err *err)
{
    const struct rb_threats_header *header = threats->map;
    if (header->magic != RB_THREATS_MAGIC || header->kind > RB_THREATS_EPSS)
        return refuse(path, "another magic number", err);
    uint64_t rows_size = (uint64_t)header->count * sizeof(threats->rows[0]);
    if (threats->map_size != sizeof(*header) + rows_size + header->strings_size)
        return refuse(path, "another size than its header says", err);
    threats->header = header;
    threats->rows = (const void *)(header + 1);
    threats->strings = (const char *)(threats->rows + header->count);
    struct iovec body = rb_mapped_piece(header + 1, threats->map_size - sizeof(*header));
    if (rb_mapped_checksum(&body, 1) != header->checksum)
        return refuse(path, "its checksum does not hold", err);
    if (header->strings_size == 0 || threats->strings[header->strings_size - 1] != '\0')
        return refuse(path, "its strings have no end", err);
    for (uint32_t i = 0; i < header->count; i++) {
        if (threats->rows[i].name >= header->strings_size)
            return refuse(path, "a row points outside", err);
    }
    return 0;
}

int rb_threats_open(const char *path, struct rb_threats **ret_threats, struct rb_err *err)
{
    struct rb_threats *threats = rb_zalloc(sizeof(*threats));
    int status =
        rb_mapped_open(path, sizeof(*threats->header), &threats->map, &threats->map_size, err);
    if (status == 0)
        status = verify(path, threats, err);
    if (status != 0) {
        rb_threats_close(threats);
        return status;
    }
    *ret_threats = threats;
    return 0;
}

void rb_threats_close(struct rb_threats *threats)
{
    if (threats == NULL)
        return;
    rb_mapped_close(threats->map, threats->map_size);
    rb_free(threats);
}

size_t rb_threats_count(const struct rb_threats *threats)
{
    return threats->header->count;
}

static const struct rb_threat_row *find(const struct rb_threats *threats, enum rb_threats_kind kind,
                                        const char *cve)
{
    uint64_t number;
    size_t low = 0, high = threats->header->count;
    if (threats->header->kind != kind || !rb_cve_parse(cve, &number))
        return NULL;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (threats->rows[middle].cve < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < threats->header->count && threats->rows[low].cve == number ? &threats->rows[low]
                                                                            : NULL;
}

bool rb_threats_exploited(const struct rb_threats *threats, const char *cve,
                          struct rb_exploited *ret_exploited)
{
    const struct rb_threat_row *row = find(threats, RB_THREATS_KEV, cve);
    if (row == NULL)
        return false;
    *ret_exploited = (struct rb_exploited){
        .name = threats->strings + row->name,
        .added_at = row->first * DAY_MS,
        .due_at = row->second * DAY_MS,
        .ransomware = row->is_ransomware != 0,
    };
    return true;
}

bool rb_threats_epss(const struct rb_threats *threats, const char *cve, struct rb_epss *ret_epss)
{
    const struct rb_threat_row *row = find(threats, RB_THREATS_EPSS, cve);
    if (row == NULL)
        return false;
    *ret_epss = (struct rb_epss){row->first / SHARE, row->second / SHARE};
    return true;
}
