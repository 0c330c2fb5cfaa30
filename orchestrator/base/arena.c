/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Blocks of doubling size, handed out from the front. An item larger than a quarter of a block gets
 * a block of its own, so a big one does not waste the rest of the current.
 */
#include "rebake/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"

enum { FIRST_BLOCK = 1024, LARGEST_BLOCK = 256 * 1024 };

#if defined(__SANITIZE_ADDRESS__)
#define EVERY_ITEM_ALONE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVERY_ITEM_ALONE 1
#endif
#endif
#ifndef EVERY_ITEM_ALONE
#define EVERY_ITEM_ALONE 0
#endif

struct block {
    struct block *next;
    size_t size;
    size_t used;
    max_align_t data[];
};

struct rb_arena {
    struct block *blocks; /* the first is the one being filled */
    size_t next_size;
};

struct rb_arena *rb_arena_new(void)
{
    struct rb_arena *arena = rb_zalloc(sizeof(*arena));
    arena->next_size = FIRST_BLOCK;
    return arena;
}

void rb_arena_free(struct rb_arena *arena)
{
    if (arena == NULL)
        return;
    while (arena->blocks != NULL) {
        struct block *next = arena->blocks->next;
        rb_free(arena->blocks);
        arena->blocks = next;
    }
    rb_free(arena);
}

void rb_arena_cleanup(struct rb_arena **arena)
{
    rb_arena_free(*arena);
}

static struct block *add_block(struct rb_arena *arena, size_t size, int behind_current)
{
    struct block *block = rb_zalloc(sizeof(*block) + size);
    block->size = size;
    if (behind_current && arena->blocks != NULL) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *rb_arena_alloc(struct rb_arena *arena, size_t size)
{
    size_t alignment = _Alignof(max_align_t);
    if (EVERY_ITEM_ALONE) /* no padding either: an overrun of one byte must be seen */
        return add_block(arena, size, 0)->data;
    size = (size + alignment - 1) & ~(alignment - 1);
    struct block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size) {
        if (size > arena->next_size / 4) {
            block = add_block(arena, size, 1);
            block->used = size;
            return block->data;
        }
        block = add_block(arena, arena->next_size, 0);
        if (arena->next_size < LARGEST_BLOCK)
            arena->next_size *= 2;
    }
    void *item = (char *)block->data + block->used;
    block->used += size;
    return item;
}

void *rb_arena_array(struct rb_arena *arena, size_t count, size_t size)
{
    size_t total;
    RB_ASSERT(!__builtin_mul_overflow(count, size, &total));
    return rb_arena_alloc(arena, total);
}

char *rb_arena_strndup(struct rb_arena *arena, const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    char *copy = rb_arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *rb_arena_strdup(struct rb_arena *arena, const char *text)
{
    return text == NULL ? NULL : rb_arena_strndup(arena, text, strlen(text));
}

const char *const *rb_arena_strdup_list(struct rb_arena *arena, const char *const *list)
{
    size_t count = 0;
    while (list[count] != NULL)
        count++;
    const char **copy = rb_arena_array(arena, count + 1, sizeof(*copy));
    for (size_t i = 0; i < count; i++)
        copy[i] = rb_arena_strdup(arena, list[i]);
    return copy;
}

char *rb_arena_printf(struct rb_arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    RB_ASSERT(size >= 0);
    char *copy = rb_arena_strndup(arena, text, (size_t)size);
    rb_free(text);
    return copy;
}

void *rb_arena_grow(struct rb_arena *arena, void *array, size_t count, size_t *capacity,
                    size_t item_size)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *moved = rb_arena_array(arena, wanted, item_size);
    if (count > 0)
        memcpy(moved, array, count * item_size);
    *capacity = wanted;
    return moved;
}
