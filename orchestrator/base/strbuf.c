/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/strbuf.h"

#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"

enum { FIRST_CAPACITY = 64 };

/* Room for `more` bytes and the NUL, or a refusal that is remembered. */
static bool reserve(struct rb_strbuf *buffer, size_t more)
{
    if (buffer->overflowed || more > buffer->maximum - buffer->size) {
        buffer->overflowed = true;
        return false;
    }
    size_t needed = buffer->size + more + 1;
    if (needed <= buffer->capacity)
        return true;
    size_t capacity = buffer->capacity == 0 ? FIRST_CAPACITY : buffer->capacity;
    while (capacity < needed)
        capacity *= 2;
    buffer->data = rb_realloc(buffer->data, capacity);
    buffer->capacity = capacity;
    return true;
}

void rb_strbuf_clear(struct rb_strbuf *buffer)
{
    buffer->size = 0;
    buffer->overflowed = false;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

void rb_strbuf_deinit(struct rb_strbuf *buffer)
{
    rb_free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
    buffer->capacity = 0;
    buffer->overflowed = false;
}

bool rb_strbuf_append(struct rb_strbuf *buffer, const void *data, size_t size)
{
    if (!reserve(buffer, size))
        return false;
    if (size > 0)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
    return true;
}

bool rb_strbuf_puts(struct rb_strbuf *buffer, const char *text)
{
    return rb_strbuf_append(buffer, text, strlen(text));
}

bool rb_strbuf_putc(struct rb_strbuf *buffer, char character)
{
    return rb_strbuf_append(buffer, &character, 1);
}

bool rb_strbuf_vprintf(struct rb_strbuf *buffer, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    RB_ASSERT(size >= 0);
    bool ok = reserve(buffer, (size_t)size);
    if (ok) {
        (void)vsnprintf(buffer->data + buffer->size, (size_t)size + 1, format, again);
        buffer->size += (size_t)size;
    }
    va_end(again);
    return ok;
}

bool rb_strbuf_printf(struct rb_strbuf *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    bool ok = rb_strbuf_vprintf(buffer, format, arguments);
    va_end(arguments);
    return ok;
}

const char *rb_strbuf_text(const struct rb_strbuf *buffer)
{
    return buffer->data == NULL ? "" : buffer->data;
}

char *rb_strbuf_steal(struct rb_strbuf *buffer)
{
    char *text = buffer->data == NULL ? rb_strdup("") : buffer->data;
    buffer->data = NULL;
    rb_strbuf_deinit(buffer);
    return text;
}
