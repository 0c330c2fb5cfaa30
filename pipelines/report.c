/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdarg.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { QUOTED_MAXIMUM = 60, MESSAGE_MAXIMUM = 8192 };

static bool stands_before(const struct rb_place *a, const struct rb_place *b)
{
    return a->line != b->line ? a->line < b->line : a->column < b->column;
}

/* The name of the file is kept behind the message, so that an item needs nothing but itself. */
static char *join(const char *message, const char *file, const char **ret_file)
{
    size_t message_size = strlen(message) + 1, file_size = strlen(file) + 1;
    char *both = rb_alloc(message_size + file_size);
    memcpy(both, message, message_size);
    memcpy(both + message_size, file, file_size);
    *ret_file = both + message_size;
    return both;
}

bool rb_report_is_full(const struct rb_report *report)
{
    return report->diagnostics->count >= RB_DIAGNOSTICS_MAXIMUM;
}

static void RB_PRINTF(4, 0) add(struct rb_diagnostics *list, const struct rb_place *place,
                                const char *hint, const char *format, va_list arguments)
{
    if (list->items == NULL)
        list->items = rb_calloc(RB_DIAGNOSTICS_MAXIMUM, sizeof(*list->items));
    size_t at = list->count;
    while (at > 0 && stands_before(place, &list->items[at - 1].place))
        at--;
    if (list->count >= RB_DIAGNOSTICS_MAXIMUM) {
        list->dropped++;
        if (at == list->count)
            return;
        list->count--;
        rb_free(list->items[list->count].message);
        rb_free(list->items[list->count].hint);
    }
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(*list->items));
    list->count++;

    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf message = RB_STRBUF_INIT(MESSAGE_MAXIMUM);
    rb_strbuf_vprintf(&message, format, arguments);
    RB_CLEANUP_FREE char *shown = rb_alloc(message.size + 1);
    rb_text_printable(rb_strbuf_text(&message), shown, message.size + 1);
    struct rb_diagnostic *item = &list->items[at];
    *item = (struct rb_diagnostic){.place = *place, .hint = rb_strdup(hint)};
    item->message = join(shown, place->file, &item->place.file);
}

void rb_report_add(struct rb_report *report, struct rb_mark mark, const char *hint,
                   const char *format, ...)
{
    struct rb_place place = {report->file, mark.line, mark.column};
    va_list arguments;
    va_start(arguments, format);
    add(report->diagnostics, &place, hint, format, arguments);
    va_end(arguments);
}

void rb_diagnostics_add(struct rb_diagnostics *diagnostics, const struct rb_place *place,
                        const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(diagnostics, place, hint, format, arguments);
    va_end(arguments);
}

/* Where the password of a URL stands (https://user:HERE@host), or a size of 0. */
static const char *password_of(const char *text, size_t *ret_size)
{
    *ret_size = 0;
    const char *scheme = strstr(text, "://");
    if (scheme == NULL)
        return text;
    const char *user = scheme + 3, *at = memchr(user, '@', strcspn(user, "/"));
    const char *colon = at == NULL ? NULL : memchr(user, ':', (size_t)(at - user));
    if (colon == NULL)
        return text;
    *ret_size = (size_t)(at - colon) - 1;
    return colon + 1;
}

const char *rb_report_quote(struct rb_arena *arena, const char *text)
{
    size_t secret_size;
    const char *secret = password_of(text, &secret_size);
    if (secret_size > 0)
        text =
            rb_arena_printf(arena, "%.*s***%s", (int)(secret - text), text, secret + secret_size);
    size_t size = strnlen(text, QUOTED_MAXIMUM + 1);
    const char *more = "";
    if (size > QUOTED_MAXIMUM) {
        size = QUOTED_MAXIMUM;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) /* not within a character */
            size--;
        more = "…";
    }
    return rb_arena_printf(arena, "\"%.*s%s\"", (int)size, text, more);
}
