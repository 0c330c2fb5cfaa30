/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Small allocations do not fail: out of memory aborts with a message, since the daemon is
 * safe to crash and jobs outlive it. A size that comes from outside is bounded by its reader before
 * it gets here. Three lifetimes: arena (arena.h), objects with _new/_free, locals with RB_CLEANUP.
 */
#ifndef REBAKE_BASE_MEMORY_H
#define REBAKE_BASE_MEMORY_H

#include <stddef.h>

/* All return memory that is never NULL (size 0 included) and is freed with rb_free. */
void *rb_alloc(size_t size);                /* not cleared */
void *rb_zalloc(size_t size);               /* cleared */
void *rb_calloc(size_t count, size_t size); /* cleared; aborts on overflow */
void *rb_realloc(void *memory, size_t size);
void *rb_reallocarray(void *memory, size_t count, size_t size); /* aborts on overflow */
char *rb_strdup(const char *text);                              /* NULL gives NULL */
char *rb_strndup(const char *text, size_t size);                /* copies at most size bytes */
char *rb_asprintf(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rb_free(void *memory); /* NULL is allowed */
/* Gives what is free back to the system: after much was used for a moment. Takes milliseconds. */
void rb_memory_trim(void);

/* Frees the variable's memory when it leaves its block: RB_CLEANUP_FREE char *name = ...; */
void rb_cleanup_free(void *pointer_to_pointer);
void rb_cleanup_close(const int *fd); /* closes fd >= 0, keeps errno */
#define RB_CLEANUP(function) __attribute__((cleanup(function)))
#define RB_CLEANUP_FREE      RB_CLEANUP(rb_cleanup_free)
#define RB_CLEANUP_CLOSE     RB_CLEANUP(rb_cleanup_close)

/* Takes the value out of a variable, leaving NULL: hands ownership on at the successful end. */
#define rb_steal(pointer)                                                                          \
    ({                                                                                             \
        __typeof__(*(pointer)) rb_stolen_ = *(pointer);                                            \
        *(pointer) = NULL;                                                                         \
        rb_stolen_;                                                                                \
    })

#define RB_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define rb_container_of(pointer, type, member)                                                     \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/* A programming error: kept in release builds, because going on would corrupt what we promise. */
#define RB_ASSERT(condition)                                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            rb_assert_failed(#condition, __FILE__, __LINE__);                                      \
    } while (0)
_Noreturn void rb_assert_failed(const char *condition, const char *file, int line);

#endif
