/* SPDX-License-Identifier: Apache-2.0 */
/* Rows are put behind each other as advisories come; what is looked up is sorted at the end. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "range.h"
#include "rebake/advisory/set.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index_strings.h"
#include "rebake/inventory/mapped.h"
#include "rebake/inventory/pypi_name.h"
#include "set_format.h"

enum { ROWS_MAXIMUM = 100 * 1000 * 1000 }; /* of a section */

/* The rows of a section. */
struct rows {
    char *data;
    size_t count;
    size_t capacity;
};

struct rb_advisory_set_builder {
    enum rb_advisory_origin origin;
    struct rb_index_strings strings;
    struct rows rows[RB_SET_STRINGS];
    bool is_full; /* a section has too many rows */
};

struct rb_advisory_set_builder *rb_advisory_set_builder_new(enum rb_advisory_origin origin)
{
    struct rb_advisory_set_builder *builder = rb_zalloc(sizeof(*builder));
    builder->origin = origin;
    rb_index_strings_init(&builder->strings, NULL, 0);
    return builder;
}

void rb_advisory_set_builder_free(struct rb_advisory_set_builder *builder)
{
    if (builder == NULL)
        return;
    rb_index_strings_deinit(&builder->strings);
    for (size_t i = 0; i < RB_SET_STRINGS; i++)
        rb_free(builder->rows[i].data);
    rb_free(builder);
}

/* A row of the section, behind the others; valid until the next. */
static void *add_row(struct rb_advisory_set_builder *builder, enum rb_set_section section)
{
    struct rows *rows = &builder->rows[section];
    size_t size = rb_set_row_sizes[section];
    if (rows->count == ROWS_MAXIMUM) {
        builder->is_full = true;
        rows->count--;
    }
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity == 0 ? 256 : rows->capacity * 2;
        rows->data = rb_reallocarray(rows->data, rows->capacity, size);
    }
    return memset(rows->data + rows->count++ * size, 0, size);
}

static uint32_t count_of(const struct rb_advisory_set_builder *builder, enum rb_set_section section)
{
    return (uint32_t)builder->rows[section].count;
}

static struct rb_set_rows rows_since(const struct rb_advisory_set_builder *builder,
                                     enum rb_set_section section, uint32_t first)
{
    return (struct rb_set_rows){first, count_of(builder, section) - first};
}

static uint32_t put(struct rb_advisory_set_builder *builder, const char *text)
{
    return rb_index_strings_put(&builder->strings, text, strlen(text));
}

static const char *text_at(const struct rb_advisory_set_builder *builder, uint32_t place)
{
    return rb_index_strings_at(&builder->strings, place);
}

static void add_words(struct rb_advisory_set_builder *builder, const char *const *texts,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t place = put(builder, texts[i]);
        *(uint32_t *)add_row(builder, RB_SET_WORDS) = place;
    }
}

static struct rb_set_rows add_severities(struct rb_advisory_set_builder *builder,
                                         const struct rb_severity *severities, size_t count)
{
    uint32_t first = count_of(builder, RB_SET_SEVERITIES);
    for (size_t i = 0; i < count; i++) {
        uint32_t text = put(builder, severities[i].text);
        struct rb_set_severity *row = add_row(builder, RB_SET_SEVERITIES);
        *row = (struct rb_set_severity){severities[i].type, text, severities[i].score};
    }
    return rows_since(builder, RB_SET_SEVERITIES, first);
}

static struct rb_set_rows add_ranges(struct rb_advisory_set_builder *builder,
                                     const struct rb_affected *affected)
{
    uint32_t first = count_of(builder, RB_SET_RANGES);
    for (size_t i = 0; i < affected->range_count; i++) {
        const struct rb_range *range = &affected->ranges[i];
        uint32_t first_event = count_of(builder, RB_SET_EVENTS);
        for (size_t j = 0; j < range->event_count; j++) {
            uint32_t version = put(builder, range->events[j].version);
            struct rb_set_event *row = add_row(builder, RB_SET_EVENTS);
            *row = (struct rb_set_event){range->events[j].kind, version};
        }
        uint32_t repository = put(builder, range->repository);
        struct rb_set_range *row = add_row(builder, RB_SET_RANGES);
        row->type = range->type;
        row->repository = repository;
        row->events = rows_since(builder, RB_SET_EVENTS, first_event);
    }
    return rows_since(builder, RB_SET_RANGES, first);
}

static bool is_held(const struct rb_advisory_set_builder *builder,
                    const struct rb_version_order *order, struct rb_set_rows ranges,
                    const char *version)
{
    const struct rb_set_range *range = (const void *)builder->rows[RB_SET_RANGES].data;
    const struct rb_set_event *events = (const void *)builder->rows[RB_SET_EVENTS].data;
    const char *strings = text_at(builder, 0);
    for (uint32_t i = ranges.first; i < ranges.first + ranges.count; i++) {
        if (range[i].type != RB_RANGE_ECOSYSTEM && range[i].type != RB_RANGE_SEMVER)
            continue;
        if (rb_range_find(range[i].type == RB_RANGE_SEMVER ? &rb_range_semver : order, version,
                          events + range[i].events.first, range[i].events.count, strings)
                .is_within)
            return true;
    }
    return false;
}

static struct rb_set_rows add_versions(struct rb_advisory_set_builder *builder,
                                       const struct rb_affected *affected,
                                       struct rb_set_rows ranges)
{
    const struct rb_ecosystem_kind *kind = rb_ecosystem_kind_find(affected->ecosystem.name);
    const struct rb_version_order *order = kind == NULL ? NULL : rb_range_order(kind->order);
    uint32_t first = count_of(builder, RB_SET_WORDS);
    for (size_t i = 0; i < affected->version_count; i++) {
        const char *version = affected->versions[i];
        if (order == NULL || !order->is_version(version) ||
            !is_held(builder, order, ranges, version))
            add_words(builder, &version, 1);
    }
    return rows_since(builder, RB_SET_WORDS, first);
}

static uint32_t put_key(struct rb_advisory_set_builder *builder,
                        const struct rb_ecosystem *ecosystem)
{
    RB_CLEANUP_FREE char *key = *ecosystem->release == '\0'
                                    ? rb_strdup(ecosystem->name)
                                    : rb_asprintf("%s:%s", ecosystem->name, ecosystem->release);
    return put(builder, key);
}

static uint32_t put_package(struct rb_advisory_set_builder *builder,
                            const struct rb_affected *affected)
{
    if (strcmp(affected->ecosystem.name, "PyPI") != 0)
        return put(builder, affected->package);
    RB_CLEANUP_FREE char *name = rb_pypi_name(affected->package);
    return put(builder, name);
}

static void add_entry(struct rb_advisory_set_builder *builder, const struct rb_affected *affected,
                      uint32_t advisory)
{
    const struct rb_ecosystem *ecosystem = &affected->ecosystem;
    struct rb_set_entry entry = {
        .key = put_key(builder, ecosystem),
        .package = put_package(builder, affected),
        .advisory = advisory,
        .status = affected->status,
        .ecosystem = put(builder, ecosystem->name),
        .release = put(builder, ecosystem->release),
        .suffix = put(builder, ecosystem->suffix),
        .urgency = put(builder, affected->urgency),
        .postponed = put(builder, affected->postponed),
        .reason = put(builder, affected->reason),
        .ranges = add_ranges(builder, affected),
        .severities = add_severities(builder, affected->severities, affected->severity_count),
    };
    entry.versions = add_versions(builder, affected, entry.ranges);
    *(struct rb_set_entry *)add_row(builder, RB_SET_ENTRIES) = entry;
}

/* An advisory may have a name twice: it is found once by it. */
static void add_names(struct rb_advisory_set_builder *builder, uint32_t id, uint32_t first_word,
                      size_t count, uint32_t advisory)
{
    *(struct rb_set_name *)add_row(builder, RB_SET_NAMES) = (struct rb_set_name){id, advisory};
    for (size_t i = 0; i < count; i++) {
        const uint32_t *words = (const void *)builder->rows[RB_SET_WORDS].data;
        uint32_t word = words[first_word + i];
        *(struct rb_set_name *)add_row(builder, RB_SET_NAMES) =
            (struct rb_set_name){word, advisory};
    }
}

int rb_advisory_set_builder_add(void *context, const struct rb_advisory *advisory,
                                struct rb_err *err)
{
    struct rb_advisory_set_builder *builder = context;
    uint32_t position = count_of(builder, RB_SET_ADVISORIES);
    struct rb_set_advisory row = {
        .published_at = advisory->published_at,
        .modified_at = advisory->modified_at,
        .withdrawn_at = advisory->withdrawn_at,
        .id = put(builder, advisory->id),
        .summary = put(builder, advisory->summary),
        .names = count_of(builder, RB_SET_WORDS),
        .alias_count = (uint32_t)advisory->alias_count,
        .upstream_count = (uint32_t)advisory->upstream_count,
        .related_count = (uint32_t)advisory->related_count,
        .severities = add_severities(builder, advisory->severities, advisory->severity_count),
    };
    add_words(builder, advisory->aliases, advisory->alias_count);
    add_words(builder, advisory->upstream, advisory->upstream_count);
    add_words(builder, advisory->related, advisory->related_count);
    add_names(builder, row.id, row.names, advisory->alias_count + advisory->upstream_count,
              position);
    for (size_t i = 0; i < advisory->affected_count; i++)
        add_entry(builder, &advisory->affected[i], position);
    *(struct rb_set_advisory *)add_row(builder, RB_SET_ADVISORIES) = row;
    if (builder->strings.own.overflowed || builder->is_full)
        return rb_err_set(err, RB_ELIMIT, "%s: more advisories than a set can hold", advisory->id);
    return 0;
}

static int compare_texts(const struct rb_advisory_set_builder *builder, uint32_t a, uint32_t b)
{
    return a == b ? 0 : strcmp(text_at(builder, a), text_at(builder, b));
}

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_entries(const void *left, const void *right, void *context)
{
    const struct rb_set_entry *a = left, *b = right;
    int difference = compare_texts(context, a->key, b->key);
    if (difference == 0)
        difference = compare_texts(context, a->package, b->package);
    if (difference == 0)
        difference = compare_numbers(a->advisory, b->advisory);
    return difference != 0 ? difference : compare_numbers(a->ranges.first, b->ranges.first);
}

static int compare_names(const void *left, const void *right, void *context)
{
    const struct rb_set_name *a = left, *b = right;
    int difference = compare_texts(context, a->text, b->text);
    return difference != 0 ? difference : compare_numbers(a->advisory, b->advisory);
}

static void sort(struct rb_advisory_set_builder *builder, enum rb_set_section section,
                 int (*compare)(const void *left, const void *right, void *context))
{
    struct rows *rows = &builder->rows[section];
    if (rows->count > 0)
        qsort_r(rows->data, rows->count, rb_set_row_sizes[section], compare, builder);
}

static void drop_repeated_names(struct rb_advisory_set_builder *builder)
{
    struct rows *rows = &builder->rows[RB_SET_NAMES];
    struct rb_set_name *names = (void *)rows->data;
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++) {
        if (kept == 0 || names[kept - 1].text != names[i].text ||
            names[kept - 1].advisory != names[i].advisory)
            names[kept++] = names[i];
    }
    rows->count = kept;
}

/* Each advisory's entries, in their order, behind those of the advisory before it. */
static void link_entries(struct rb_advisory_set_builder *builder)
{
    struct rb_set_advisory *advisories = (void *)builder->rows[RB_SET_ADVISORIES].data;
    const struct rb_set_entry *entries = (const void *)builder->rows[RB_SET_ENTRIES].data;
    uint32_t count = count_of(builder, RB_SET_ENTRIES), first = 0;
    builder->rows[RB_SET_LINKS].count = 0;
    for (uint32_t i = 0; i < count; i++)
        (void)add_row(builder, RB_SET_LINKS);
    uint32_t *links = (void *)builder->rows[RB_SET_LINKS].data;
    for (uint32_t i = 0; i < count_of(builder, RB_SET_ADVISORIES); i++)
        advisories[i].links = (struct rb_set_rows){0, 0};
    for (uint32_t i = 0; i < count; i++)
        advisories[entries[i].advisory].links.count++;
    for (uint32_t i = 0; i < count_of(builder, RB_SET_ADVISORIES); i++) {
        advisories[i].links.first = first;
        first += advisories[i].links.count;
        advisories[i].links.count = 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct rb_set_rows *rows = &advisories[entries[i].advisory].links;
        links[rows->first + rows->count++] = i;
    }
}

int rb_advisory_set_builder_write(struct rb_advisory_set_builder *builder, const char *path,
                                  struct rb_err *err)
{
    struct rb_set_header header = {.magic = RB_SET_MAGIC, .origin = builder->origin};
    struct iovec pieces[1 + RB_SET_SECTIONS];
    sort(builder, RB_SET_ENTRIES, compare_entries);
    sort(builder, RB_SET_NAMES, compare_names);
    drop_repeated_names(builder);
    link_entries(builder);
    pieces[0] = rb_mapped_piece(&header, sizeof(header));
    for (size_t i = 0; i < RB_SET_STRINGS; i++) {
        header.counts[i] = (uint32_t)builder->rows[i].count;
        pieces[1 + i] =
            rb_mapped_piece(builder->rows[i].data, builder->rows[i].count * rb_set_row_sizes[i]);
    }
    size_t size = rb_index_strings_size(&builder->strings);
    header.counts[RB_SET_STRINGS] = (uint32_t)size;
    pieces[1 + RB_SET_STRINGS] = rb_mapped_piece(text_at(builder, 0), size);
    header.checksum = rb_mapped_checksum(&pieces[1], RB_SET_SECTIONS);
    return rb_file_write_pieces(path, pieces, RB_COUNT_OF(pieces), 0644, err);
}
