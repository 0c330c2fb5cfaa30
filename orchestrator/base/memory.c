/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void out_of_memory(size_t size)
{
    fprintf(stderr, "rebake: out of memory (%zu bytes asked)\n", size);
    abort();
}

_Noreturn void rb_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "rebake: %s:%d: assertion failed: %s\n", file, line, condition);
    abort();
}

void *rb_alloc(size_t size)
{
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        out_of_memory(size);
    return memory;
}

void *rb_zalloc(size_t size)
{
    return rb_calloc(1, size);
}

void *rb_calloc(size_t count, size_t size)
{
    void *memory = calloc(count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (memory == NULL)
        out_of_memory(count);
    return memory;
}

void *rb_realloc(void *memory, size_t size)
{
    void *moved = realloc(memory, size == 0 ? 1 : size);
    if (moved == NULL)
        out_of_memory(size);
    return moved;
}

void *rb_reallocarray(void *memory, size_t count, size_t size)
{
    void *moved = reallocarray(memory, count == 0 ? 1 : count, size == 0 ? 1 : size);
    if (moved == NULL)
        out_of_memory(count);
    return moved;
}

char *rb_strdup(const char *text)
{
    return text == NULL ? NULL : rb_strndup(text, strlen(text));
}

char *rb_strndup(const char *text, size_t size)
{
    size_t length = strnlen(text, size);
    char *copy = rb_alloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *rb_asprintf(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    int size = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (size < 0)
        out_of_memory(0);
    return text;
}

void rb_memory_trim(void)
{
#ifdef __GLIBC__
    (void)malloc_trim(0);
#endif
}

void rb_free(void *memory)
{
    free(memory);
}

void rb_cleanup_free(void *pointer_to_pointer)
{
    void *memory;
    memcpy(&memory, pointer_to_pointer, sizeof(memory));
    free(memory);
}

void rb_cleanup_close(const int *fd)
{
    if (*fd < 0)
        return;
    int saved = errno;
    (void)close(*fd);
    errno = saved;
}
