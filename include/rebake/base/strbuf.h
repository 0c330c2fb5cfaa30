/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The growable buffer. Every buffer has a maximum; past it the buffer keeps what it has, refuses
 * more and remembers that it did, so a writer checks once at the end. Always NUL-terminated.
 */
#ifndef REBAKE_BASE_STRBUF_H
#define REBAKE_BASE_STRBUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct rb_strbuf {
    char *data;  /* never NULL after the first append; use rb_strbuf_text to be safe */
    size_t size; /* without the NUL */
    size_t capacity;
    size_t maximum; /* largest size accepted */
    bool overflowed;
};

#define RB_STRBUF_INIT(maximum_bytes) ((struct rb_strbuf){.maximum = (maximum_bytes)})

void rb_strbuf_clear(struct rb_strbuf *buffer);  /* empties, keeps the memory */
void rb_strbuf_deinit(struct rb_strbuf *buffer); /* frees; usable with RB_CLEANUP */
bool rb_strbuf_append(struct rb_strbuf *buffer, const void *data, size_t size);
bool rb_strbuf_puts(struct rb_strbuf *buffer, const char *text);
bool rb_strbuf_putc(struct rb_strbuf *buffer, char character);
bool rb_strbuf_printf(struct rb_strbuf *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool rb_strbuf_vprintf(struct rb_strbuf *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
const char *rb_strbuf_text(const struct rb_strbuf *buffer); /* "" when nothing was written */
char *
rb_strbuf_steal(struct rb_strbuf *buffer); /* the text, owned by the caller; leaves it empty */

#endif
