/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

struct named {
    const char *name;
    const void *thing;
};

static int compare(const void *a, const void *b)
{
    const struct named *left = a, *right = b;
    return strcmp(left->name, right->name);
}

struct rb_names rb_names_of(struct rb_arena *arena, const void *things, size_t count,
                            size_t item_size, size_t name_offset)
{
    RB_CLEANUP_FREE struct named *sorted = rb_calloc(count, sizeof(*sorted));
    struct rb_names names = {.texts = rb_arena_array(arena, count + 1, sizeof(char *)),
                             .things = rb_arena_array(arena, count, sizeof(void *)),
                             .count = count};
    for (size_t i = 0; i < count; i++) {
        const char *thing = (const char *)things + i * item_size;
        memcpy(&sorted[i].name, thing + name_offset, sizeof(sorted[i].name));
        sorted[i].thing = thing;
    }
    qsort(sorted, count, sizeof(*sorted), compare);
    for (size_t i = 0; i < count; i++) {
        names.texts[i] = sorted[i].name;
        names.things[i] = sorted[i].thing;
    }
    return names;
}

const void *rb_names_find(const struct rb_names *names, const char *text)
{
    size_t low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(text, names->texts[middle]);
        if (order == 0)
            return names->things[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
