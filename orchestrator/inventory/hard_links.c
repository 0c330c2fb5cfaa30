/* SPDX-License-Identifier: Apache-2.0 */
#include "hard_links.h"

#include <stdlib.h>
#include <string.h>

enum { LINKS_MAXIMUM = 200000 };

int hard_links_add(struct hard_links *links, const char *path, const char *target,
                   bool is_executable, struct rb_err *err)
{
    enum language_file kind = language_file_of(path, is_executable);
    bool is_told = kind == LANGUAGE_PROGRAM || language_file_of(target, is_executable) == kind;
    if (kind == LANGUAGE_NONE)
        return 0;
    if (links->count == LINKS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT,
                          "a layer has more than %d hard links to files of languages",
                          LINKS_MAXIMUM);
    links->items = rb_arena_grow(links->arena, links->items, links->count, &links->capacity,
                                 sizeof(*links->items));
    links->items[links->count++] = (struct hard_link){
        .path = rb_arena_strdup(links->arena, path),
        .target = rb_arena_strdup(links->arena, target),
        .kind = is_told ? LANGUAGE_NONE : kind,
    };
    return 0;
}

static int compare_targets(const void *left, const void *right)
{
    const struct hard_link *a = left, *b = right;
    return strcmp(a->target, b->target);
}

void hard_links_sort(struct hard_links *links)
{
    if (links->count > 0)
        qsort(links->items, links->count, sizeof(*links->items), compare_targets);
}

size_t hard_links_to(const struct hard_links *links, const char *target,
                     const struct hard_link **ret_first)
{
    const struct hard_link wanted = {.target = target};
    const struct hard_link *end = links->items + links->count;
    const struct hard_link *first =
        links->count == 0
            ? NULL
            : bsearch(&wanted, links->items, links->count, sizeof(*links->items), compare_targets);
    if (first == NULL)
        return 0;
    const struct hard_link *last = first + 1;
    while (first > links->items && compare_targets(first - 1, &wanted) == 0)
        first--;
    while (last < end && compare_targets(last, &wanted) == 0)
        last++;
    *ret_first = first;
    return (size_t)(last - first);
}

enum language_file hard_links_kind_of(const struct hard_links *links, const char *target)
{
    const struct hard_link *first;
    size_t count = hard_links_to(links, target, &first);
    for (size_t i = 0; i < count; i++) {
        if (first[i].kind != LANGUAGE_NONE)
            return first[i].kind;
    }
    return LANGUAGE_NONE;
}

bool hard_links_need_reading(const struct hard_links *links)
{
    for (size_t i = 0; i < links->count; i++) {
        if (links->items[i].kind != LANGUAGE_NONE)
            return true;
    }
    return false;
}
