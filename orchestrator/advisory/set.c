/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All that a lookup relies on is verified when the file is opened; a lookup itself checks nothing
 * and cannot leave the file.
 */
#include "rebake/advisory/set.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/mapped.h"
#include "set_format.h"

const size_t rb_set_row_sizes[RB_SET_SECTIONS] = {
    [RB_SET_ADVISORIES] = sizeof(struct rb_set_advisory),
    [RB_SET_ENTRIES] = sizeof(struct rb_set_entry),
    [RB_SET_RANGES] = sizeof(struct rb_set_range),
    [RB_SET_EVENTS] = sizeof(struct rb_set_event),
    [RB_SET_NAMES] = sizeof(struct rb_set_name),
    [RB_SET_SEVERITIES] = sizeof(struct rb_set_severity),
    [RB_SET_WORDS] = sizeof(uint32_t),
    [RB_SET_LINKS] = sizeof(uint32_t),
    [RB_SET_STRINGS] = 1,
};
_Static_assert(sizeof(struct rb_set_header) % 8 == 0 && sizeof(struct rb_set_advisory) % 8 == 0,
               "rows are not aligned");

static int refuse(const char *path, const char *reason, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: not a set of advisories of this version of Rebake: %s",
                      path, reason);
}

/* Where each section is; the sizes have been found to be those of the file. */
static void find_sections(struct rb_advisory_set *set)
{
    const char *sections[RB_SET_SECTIONS];
    const char *at = (const char *)(set->header + 1);
    for (size_t i = 0; i < RB_SET_SECTIONS; i++) {
        sections[i] = at;
        at += set->header->counts[i] * rb_set_row_sizes[i];
    }
    set->advisories = (const void *)sections[RB_SET_ADVISORIES];
    set->entries = (const void *)sections[RB_SET_ENTRIES];
    set->ranges = (const void *)sections[RB_SET_RANGES];
    set->events = (const void *)sections[RB_SET_EVENTS];
    set->names = (const void *)sections[RB_SET_NAMES];
    set->severities = (const void *)sections[RB_SET_SEVERITIES];
    set->words = (const void *)sections[RB_SET_WORDS];
    set->links = (const void *)sections[RB_SET_LINKS];
    set->strings = sections[RB_SET_STRINGS];
}

static bool are_rows(const struct rb_advisory_set *set, enum rb_set_section section,
                     struct rb_set_rows rows)
{
    return (uint64_t)rows.first + rows.count <= set->header->counts[section];
}

static bool is_text(const struct rb_advisory_set *set, uint32_t place)
{
    return place < set->header->counts[RB_SET_STRINGS];
}

static bool advisory_is_within(const struct rb_advisory_set *set, const struct rb_set_advisory *row)
{
    uint64_t names = (uint64_t)row->alias_count + row->upstream_count + row->related_count;
    return is_text(set, row->id) && is_text(set, row->summary) &&
           row->names + names <= set->header->counts[RB_SET_WORDS] &&
           are_rows(set, RB_SET_SEVERITIES, row->severities) &&
           are_rows(set, RB_SET_LINKS, row->links);
}

static bool entry_is_within(const struct rb_advisory_set *set, const struct rb_set_entry *row)
{
    return is_text(set, row->key) && is_text(set, row->package) &&
           row->advisory < set->header->counts[RB_SET_ADVISORIES] &&
           row->status < RB_STATUS_COUNT && is_text(set, row->ecosystem) &&
           is_text(set, row->release) && is_text(set, row->suffix) && is_text(set, row->urgency) &&
           is_text(set, row->postponed) && is_text(set, row->reason) &&
           are_rows(set, RB_SET_RANGES, row->ranges) &&
           are_rows(set, RB_SET_WORDS, row->versions) &&
           are_rows(set, RB_SET_SEVERITIES, row->severities);
}

static bool small_rows_are_within(const struct rb_advisory_set *set)
{
    const uint32_t *counts = set->header->counts;
    for (uint32_t i = 0; i < counts[RB_SET_RANGES]; i++) {
        if (set->ranges[i].type > RB_RANGE_OTHER || !is_text(set, set->ranges[i].repository) ||
            !are_rows(set, RB_SET_EVENTS, set->ranges[i].events))
            return false;
    }
    for (uint32_t i = 0; i < counts[RB_SET_EVENTS]; i++) {
        if (set->events[i].kind > RB_EVENT_LIMIT || !is_text(set, set->events[i].version))
            return false;
    }
    for (uint32_t i = 0; i < counts[RB_SET_NAMES]; i++) {
        if (!is_text(set, set->names[i].text) ||
            set->names[i].advisory >= counts[RB_SET_ADVISORIES])
            return false;
    }
    for (uint32_t i = 0; i < counts[RB_SET_SEVERITIES]; i++) {
        if (set->severities[i].type > RB_SEVERITY_OTHER || !is_text(set, set->severities[i].text))
            return false;
    }
    for (uint32_t i = 0; i < counts[RB_SET_WORDS]; i++) {
        if (!is_text(set, set->words[i]))
            return false;
    }
    for (uint32_t i = 0; i < counts[RB_SET_LINKS]; i++) {
        if (set->links[i] >= counts[RB_SET_ENTRIES])
            return false;
    }
    return true;
}

static bool rows_are_within(const struct rb_advisory_set *set)
{
    for (uint32_t i = 0; i < set->header->counts[RB_SET_ADVISORIES]; i++) {
        if (!advisory_is_within(set, &set->advisories[i]))
            return false;
    }
    for (uint32_t i = 0; i < set->header->counts[RB_SET_ENTRIES]; i++) {
        if (!entry_is_within(set, &set->entries[i]))
            return false;
    }
    return small_rows_are_within(set);
}

static int verify(const char *path, struct rb_advisory_set *set, struct rb_err *err)
{
    const struct rb_set_header *header = set->map;
    if (header->magic != RB_SET_MAGIC || header->reserved != 0 ||
        header->origin > RB_ORIGIN_DISTRIBUTION)
        return refuse(path, "another magic number", err);
    uint64_t size = sizeof(*header);
    for (size_t i = 0; i < RB_SET_SECTIONS; i++)
        size += header->counts[i] * (uint64_t)rb_set_row_sizes[i];
    if (size != set->map_size)
        return refuse(path, "another size than its header says", err);
    set->header = header;
    find_sections(set);
    struct iovec body = rb_mapped_piece(header + 1, set->map_size - sizeof(*header));
    if (rb_mapped_checksum(&body, 1) != header->checksum)
        return refuse(path, "its checksum does not hold", err);
    uint32_t strings_size = header->counts[RB_SET_STRINGS];
    if (strings_size == 0 || set->strings[strings_size - 1] != '\0')
        return refuse(path, "its strings have no end", err);
    return rows_are_within(set) ? 0 : refuse(path, "a row points outside", err);
}

int rb_advisory_set_open(const char *path, struct rb_advisory_set **ret_set, struct rb_err *err)
{
    struct rb_advisory_set *set = rb_zalloc(sizeof(*set));
    int status = rb_mapped_open(path, sizeof(*set->header), &set->map, &set->map_size, err);
    if (status == 0)
        status = verify(path, set, err);
    if (status != 0) {
        rb_advisory_set_close(set);
        return status;
    }
    *ret_set = set;
    return 0;
}

void rb_advisory_set_close(struct rb_advisory_set *set)
{
    if (set == NULL)
        return;
    rb_mapped_close(set->map, set->map_size);
    rb_free(set);
}

enum rb_advisory_origin rb_advisory_set_origin(const struct rb_advisory_set *set)
{
    return (enum rb_advisory_origin)set->header->origin;
}

size_t rb_advisory_set_count(const struct rb_advisory_set *set)
{
    return set->header->counts[RB_SET_ADVISORIES];
}

static const char *text_at(const struct rb_advisory_set *set, uint32_t place)
{
    return set->strings + place;
}

static const char *const *get_texts(const struct rb_advisory_set *set, uint32_t first,
                                    uint32_t count, struct rb_arena *arena)
{
    const char **texts = rb_arena_array(arena, count, sizeof(*texts));
    for (uint32_t i = 0; i < count; i++)
        texts[i] = text_at(set, set->words[first + i]);
    return texts;
}

static const struct rb_severity *get_severities(const struct rb_advisory_set *set,
                                                struct rb_set_rows rows, struct rb_arena *arena)
{
    struct rb_severity *severities = rb_arena_array(arena, rows.count, sizeof(*severities));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct rb_set_severity *row = &set->severities[rows.first + i];
        severities[i] = (struct rb_severity){(enum rb_severity_type)row->type,
                                             text_at(set, row->text), row->score};
    }
    return severities;
}

static const struct rb_range *get_ranges(const struct rb_advisory_set *set, struct rb_set_rows rows,
                                         struct rb_arena *arena)
{
    struct rb_range *ranges = rb_arena_array(arena, rows.count, sizeof(*ranges));
    for (uint32_t i = 0; i < rows.count; i++) {
        const struct rb_set_range *row = &set->ranges[rows.first + i];
        struct rb_range_event *events = rb_arena_array(arena, row->events.count, sizeof(*events));
        for (uint32_t j = 0; j < row->events.count; j++) {
            const struct rb_set_event *event = &set->events[row->events.first + j];
            events[j] = (struct rb_range_event){(enum rb_event_kind)event->kind,
                                                text_at(set, event->version)};
        }
        ranges[i] = (struct rb_range){(enum rb_range_type)row->type, text_at(set, row->repository),
                                      events, row->events.count};
    }
    return ranges;
}

void rb_advisory_set_affected(const struct rb_advisory_set *set, size_t place,
                              struct rb_arena *arena, struct rb_affected *ret_affected,
                              size_t *ret_advisory)
{
    RB_ASSERT(place < set->header->counts[RB_SET_ENTRIES]);
    const struct rb_set_entry *row = &set->entries[place];
    *ret_advisory = row->advisory;
    *ret_affected = (struct rb_affected){
        .ecosystem = {text_at(set, row->ecosystem), text_at(set, row->release),
                      text_at(set, row->suffix)},
        .package = text_at(set, row->package),
        .ranges = get_ranges(set, row->ranges, arena),
        .range_count = row->ranges.count,
        .versions = get_texts(set, row->versions.first, row->versions.count, arena),
        .version_count = row->versions.count,
        .status = (enum rb_advisory_status)row->status,
        .urgency = text_at(set, row->urgency),
        .postponed = text_at(set, row->postponed),
        .reason = text_at(set, row->reason),
        .severities = get_severities(set, row->severities, arena),
        .severity_count = row->severities.count,
    };
}

void rb_advisory_set_names(const struct rb_advisory_set *set, size_t position,
                           struct rb_arena *arena, struct rb_advisory *ret_advisory)
{
    RB_ASSERT(position < rb_advisory_set_count(set));
    const struct rb_set_advisory *row = &set->advisories[position];
    uint32_t upstream = row->names + row->alias_count;
    uint32_t related = upstream + row->upstream_count;
    *ret_advisory = (struct rb_advisory){
        .id = text_at(set, row->id),
        .aliases = get_texts(set, row->names, row->alias_count, arena),
        .alias_count = row->alias_count,
        .upstream = get_texts(set, upstream, row->upstream_count, arena),
        .upstream_count = row->upstream_count,
        .related = get_texts(set, related, row->related_count, arena),
        .related_count = row->related_count,
        .summary = text_at(set, row->summary),
        .published_at = row->published_at,
        .modified_at = row->modified_at,
        .withdrawn_at = row->withdrawn_at,
    };
}

void rb_advisory_set_get(const struct rb_advisory_set *set, size_t position, struct rb_arena *arena,
                         struct rb_advisory *ret_advisory)
{
    rb_advisory_set_names(set, position, arena, ret_advisory);
    const struct rb_set_advisory *row = &set->advisories[position];
    struct rb_affected *affected = rb_arena_array(arena, row->links.count, sizeof(*affected));
    for (uint32_t i = 0; i < row->links.count; i++) {
        size_t advisory;
        rb_advisory_set_affected(set, set->links[row->links.first + i], arena, &affected[i],
                                 &advisory);
    }
    ret_advisory->severities = get_severities(set, row->severities, arena);
    ret_advisory->severity_count = row->severities.count;
    ret_advisory->affected = affected;
    ret_advisory->affected_count = row->links.count;
}

size_t rb_advisory_set_find(const struct rb_advisory_set *set, const char *name, size_t *ret_first)
{
    size_t low = 0, count = set->header->counts[RB_SET_NAMES], high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(text_at(set, set->names[middle].text), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    while (high < count && strcmp(text_at(set, set->names[high].text), name) == 0)
        high++;
    return high - low;
}

size_t rb_advisory_set_named(const struct rb_advisory_set *set, size_t place)
{
    RB_ASSERT(place < set->header->counts[RB_SET_NAMES]);
    return set->names[place].advisory;
}

static int compare_entry(const struct rb_advisory_set *set, size_t place, const char *key,
                         const char *package)
{
    const struct rb_set_entry *row = &set->entries[place];
    int difference = strcmp(text_at(set, row->key), key);
    return difference != 0 ? difference : strcmp(text_at(set, row->package), package);
}

size_t rb_advisory_set_find_package(const struct rb_advisory_set *set, const char *key,
                                    const char *package, size_t *ret_first)
{
    size_t low = 0, count = set->header->counts[RB_SET_ENTRIES], high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_entry(set, middle, key, package) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_first = low;
    while (high < count && compare_entry(set, high, key, package) == 0)
        high++;
    return high - low;
}
