/* SPDX-License-Identifier: Apache-2.0 */
/* The names of things of one kind, to find one by, and to tell the one that was likely meant. */
#ifndef PIPELINES_NAMES_H
#define PIPELINES_NAMES_H

#include <stddef.h>

#include "rebake/base/arena.h"

struct rb_names {
    const char **texts; /* sorted, NULL-terminated */
    const void **things;
    size_t count;
};

/* The names of count things of item_size bytes each, whose name (const char *) is their member at
   name_offset. Of things with the same name any one is found. */
struct rb_names rb_names_of(struct rb_arena *arena, const void *things, size_t count,
                            size_t item_size, size_t name_offset);

/* The thing with this name, or NULL. */
const void *rb_names_find(const struct rb_names *names, const char *text);

#endif
