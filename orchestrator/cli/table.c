/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include <locale.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "style.h"

enum { GAP = 2, TABLE_BYTES_MAX = 256 << 20 };

struct cell {
    const char *style;
    const char *text;
    size_t width; /* in places of the terminal */
};

struct rb_table {
    struct rb_arena *arena;
    /* The widths of characters are a matter of the locale, and our text is UTF-8 whatever the
       user's locale is. */
    locale_t utf8;
    const struct rb_table_column *columns;
    size_t column_count;
    struct cell *cells;
    size_t cell_count;
    size_t cell_capacity;
};

/* Characters that are shown as nothing but turn the direction of those around them, or hide. */
static bool is_deceiving(wchar_t wide)
{
    return (wide >= 0x200b && wide <= 0x200f) || (wide >= 0x202a && wide <= 0x202e) ||
           (wide >= 0x2060 && wide <= 0x206f) || wide == 0xfeff;
}

/* One character of the text: its bytes, and its places or -1 for what must not be shown. */
static size_t next_character(const char *text, int *ret_width)
{
    wchar_t wide;
    mbstate_t state = {0};
    size_t size = mbrtowc(&wide, text, strlen(text), &state);
    if (size == (size_t)-1 || size == (size_t)-2) {
        *ret_width = -1;
        return 1;
    }
    *ret_width = is_deceiving(wide) ? -1 : wcwidth(wide);
    return size;
}

/* Appends at most `places` places of the text; returns how many it took. */
static size_t append_shown(struct rb_strbuf *out, const char *text, size_t places)
{
    size_t used = 0;
    while (*text != '\0') {
        int width;
        size_t size = next_character(text, &width);
        size_t taken = width < 0 ? 1 : (size_t)width;
        if (taken > places - used)
            break;
        if (width < 0)
            rb_strbuf_putc(out, '?');
        else
            rb_strbuf_append(out, text, size);
        used += taken;
        text += size;
    }
    return used;
}

struct rb_table *rb_table_new(const struct rb_table_column *columns, size_t count)
{
    RB_ASSERT(count > 0);
    struct rb_table *table = rb_zalloc(sizeof(*table));
    table->arena = rb_arena_new();
    table->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    RB_ASSERT(table->utf8 != (locale_t)0); /* built into glibc since 2.35 */
    table->columns = columns;
    table->column_count = count;
    return table;
}

void rb_table_free(struct rb_table *table)
{
    if (table == NULL)
        return;
    rb_arena_free(table->arena);
    freelocale(table->utf8);
    rb_free(table);
}

void rb_table_cleanup(struct rb_table **table)
{
    rb_table_free(*table);
}

static struct cell make_cell(const struct rb_table *table, const char *style, const char *text)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf shown = RB_STRBUF_INIT(TABLE_BYTES_MAX);
    locale_t before = uselocale(table->utf8);
    size_t width = append_shown(&shown, text, SIZE_MAX);
    (void)uselocale(before);
    return (struct cell){
        .style = rb_arena_strdup(table->arena, style),
        .text = rb_arena_strdup(table->arena, rb_strbuf_text(&shown)),
        .width = width,
    };
}

void rb_table_add(struct rb_table *table, const char *style, const char *text)
{
    table->cells = rb_arena_grow(table->arena, table->cells, table->cell_count,
                                 &table->cell_capacity, sizeof(table->cells[0]));
    table->cells[table->cell_count++] = make_cell(table, style, text == NULL ? "-" : text);
}

void rb_table_addf(struct rb_table *table, const char *style, const char *format, ...)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(TABLE_BYTES_MAX);
    va_list arguments;
    va_start(arguments, format);
    (void)rb_strbuf_vprintf(&text, format, arguments);
    va_end(arguments);
    rb_table_add(table, style, rb_strbuf_text(&text));
}

/* The widest column that may still be cut gives way first, place by place, until the line fits. */
static void cut_to(const struct rb_table *table, size_t *widths, size_t width)
{
    size_t total = (table->column_count - 1) * GAP;
    for (size_t i = 0; i < table->column_count; i++)
        total += widths[i];
    while (total > width) {
        size_t widest = table->column_count;
        for (size_t i = 0; i < table->column_count; i++) {
            size_t minimum = table->columns[i].minimum;
            if (minimum > 0 && widths[i] > minimum &&
                (widest == table->column_count || widths[i] >= widths[widest]))
                widest = i;
        }
        if (widest == table->column_count)
            return;
        widths[widest]--;
        total--;
    }
}

static void append_cell(struct rb_strbuf *out, const struct cell *cell, size_t width, int right,
                        const char *reset)
{
    size_t padding = cell->width < width ? width - cell->width : 0;
    if (right)
        rb_strbuf_printf(out, "%*s", (int)padding, "");
    rb_strbuf_puts(out, cell->style);
    if (cell->width <= width) {
        rb_strbuf_puts(out, cell->text);
    } else {
        size_t used = append_shown(out, cell->text, width - 1);
        rb_strbuf_puts(out, "…");
        padding = width - 1 - used;
    }
    if (*cell->style != '\0')
        rb_strbuf_puts(out, reset);
    if (!right)
        rb_strbuf_printf(out, "%*s", (int)padding, "");
}

static void append_row(const struct rb_table *table, struct rb_strbuf *out,
                       const struct cell *cells, size_t count, const size_t *widths,
                       const char *reset)
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            rb_strbuf_printf(out, "%*s", GAP, "");
        append_cell(out, &cells[i], widths[i], table->columns[i].right, reset);
    }
    while (out->size > 0 && out->data[out->size - 1] == ' ')
        out->data[--out->size] = '\0';
    rb_strbuf_putc(out, '\n');
}

char *rb_table_format(const struct rb_table *table, size_t width, const char *title_style,
                      const char *reset)
{
    struct rb_strbuf out = RB_STRBUF_INIT(TABLE_BYTES_MAX);
    size_t count = table->column_count;
    RB_ASSERT(count > 0);
    RB_CLEANUP_FREE size_t *widths = rb_calloc(count, sizeof(widths[0]));
    RB_CLEANUP_FREE struct cell *titles = rb_calloc(count, sizeof(titles[0]));
    for (size_t i = 0; i < count; i++) {
        titles[i] = make_cell(table, title_style, table->columns[i].title);
        widths[i] = titles[i].width;
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        if (table->cells[i].width > widths[i % count])
            widths[i % count] = table->cells[i].width;
    }
    if (width > 0)
        cut_to(table, widths, width);
    locale_t before = uselocale(table->utf8);
    append_row(table, &out, titles, count, widths, reset);
    for (size_t i = 0; i < table->cell_count; i += count) {
        size_t left = table->cell_count - i;
        append_row(table, &out, &table->cells[i], left < count ? left : count, widths, reset);
    }
    (void)uselocale(before);
    return rb_strbuf_steal(&out);
}

void rb_table_print(const struct rb_table *table, FILE *out)
{
    struct rb_style style = rb_style_for(out);
    struct winsize size;
    size_t width = 0;
    if (isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    RB_CLEANUP_FREE char *text = rb_table_format(table, width, style.bold, style.reset);
    fputs(text, out);
}
