/* SPDX-License-Identifier: Apache-2.0 */
#include "index_merge.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

static int compare_texts(const struct rb_index_strings *strings, uint32_t a, uint32_t b)
{
    return a == b ? 0 : strcmp(rb_index_strings_at(strings, a), rb_index_strings_at(strings, b));
}

/* By name, then architecture, newest version first. Versions that are equal but not the same text
   ("1.0" and "1.0-0") have an order too, so that the same offers stand together. */
static int compare_records(const struct rb_index_merge *merge, const struct rb_index_record *a,
                           const struct rb_index_record *b)
{
    const struct rb_index_strings *strings = merge->strings;
    int difference = compare_texts(strings, a->name, b->name);
    if (difference == 0)
        difference = compare_texts(strings, a->architecture, b->architecture);
    if (difference == 0 && a->version != b->version)
        difference = merge->order->compare(rb_index_strings_at(strings, b->version),
                                           rb_index_strings_at(strings, a->version));
    if (difference == 0)
        difference = compare_texts(strings, a->version, b->version);
    if (difference == 0)
        difference = compare_texts(strings, a->source_name, b->source_name);
    return difference != 0 ? difference
                           : compare_texts(strings, a->source_version, b->source_version);
}

static int compare_added(const void *left, const void *right, void *context)
{
    const struct rb_index_merge *merge = context;
    return compare_records(merge, &merge->added[*(const uint32_t *)left],
                           &merge->added[*(const uint32_t *)right]);
}

static bool is_sorted(const struct rb_index_merge *merge)
{
    for (size_t i = 1; i < merge->added_count; i++) {
        if (compare_records(merge, &merge->added[i - 1], &merge->added[i]) > 0)
            return false;
    }
    return true;
}

static uint32_t *sort_added(struct rb_index_merge *merge)
{
    uint32_t *order = rb_calloc(merge->added_count + 1, sizeof(order[0]));
    for (size_t i = 0; i < merge->added_count; i++)
        order[i] = (uint32_t)i;
    if (!is_sorted(merge))
        qsort_r(order, merge->added_count, sizeof(order[0]), compare_added, merge);
    return order;
}

/* A package of architecture "all" is offered again in the Packages file of each architecture. */
static uint32_t put(struct rb_index_merge *merge, const struct rb_index_record *record)
{
    if (merge->count == 0 || compare_records(merge, &merge->records[merge->count - 1], record) != 0)
        merge->records[merge->count++] = *record;
    return (uint32_t)merge->count - 1;
}

/* The first known one that does not come before an added one. */
static size_t find_place(const struct rb_index_merge *merge, size_t from,
                         const struct rb_index_record *added)
{
    size_t low = from, high = merge->known_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_records(merge, &merge->known[middle], added) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Known ones differ from each other: only the first can be the same as an added one before it. */
static void keep_run(struct rb_index_merge *merge, size_t begin, size_t end)
{
    bool is_first = true;
    for (size_t i = begin; i < end; i++) {
        if (!merge->is_kept[i])
            continue;
        if (is_first) {
            merge->known_places[i] = put(merge, &merge->known[i]);
        } else {
            merge->known_places[i] = (uint32_t)merge->count;
            merge->records[merge->count++] = merge->known[i];
        }
        is_first = false;
    }
}

void rb_index_merge(struct rb_index_merge *merge)
{
    merge->records =
        rb_calloc(merge->known_count + merge->added_count + 1, sizeof(merge->records[0]));
    merge->known_places = rb_calloc(merge->known_count + 1, sizeof(merge->known_places[0]));
    merge->added_places = rb_calloc(merge->added_count + 1, sizeof(merge->added_places[0]));
    merge->count = 0;
    RB_CLEANUP_FREE uint32_t *order = sort_added(merge);
    size_t at = 0;
    for (size_t i = 0; i < merge->added_count; i++) {
        const struct rb_index_record *added = &merge->added[order[i]];
        size_t place = find_place(merge, at, added);
        keep_run(merge, at, place);
        merge->added_places[order[i]] = put(merge, added);
        at = place;
    }
    keep_run(merge, at, merge->known_count);
}
