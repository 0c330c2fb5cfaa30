/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An arena: many small allocations with one lifetime (a parsed document, a query's result). Nothing
 * is freed singly. Under AddressSanitizer every item is its own allocation, so overruns are seen.
 */
#ifndef REBAKE_BASE_ARENA_H
#define REBAKE_BASE_ARENA_H

#include <stddef.h>

struct rb_arena;

struct rb_arena *rb_arena_new(void);
void rb_arena_free(struct rb_arena *arena);                /* NULL is allowed */
void rb_arena_cleanup(struct rb_arena **arena);            /* for RB_CLEANUP */
void *rb_arena_alloc(struct rb_arena *arena, size_t size); /* cleared, aligned for any type */
void *rb_arena_array(struct rb_arena *arena, size_t count, size_t size);
char *rb_arena_strdup(struct rb_arena *arena, const char *text); /* NULL gives NULL */
char *rb_arena_strndup(struct rb_arena *arena, const char *text, size_t size);
char *rb_arena_printf(struct rb_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A list of texts, NULL at its end, with its texts. */
const char *const *rb_arena_strdup_list(struct rb_arena *arena, const char *const *list);

/* Grows an array held in the arena so that it can take one more item of item_size bytes: returns
   the array (moved or not). *capacity is 0 with a NULL array at first; the old copy stays until the
   end. */
void *rb_arena_grow(struct rb_arena *arena, void *array, size_t count, size_t *capacity,
                    size_t item_size);

#endif
