/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/diagnostic.h"

#include "rebake/base/memory.h"

void rb_diagnostics_deinit(struct rb_diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        rb_free(diagnostics->items[i].message);
        rb_free(diagnostics->items[i].hint);
    }
    rb_free(diagnostics->items);
    *diagnostics = (struct rb_diagnostics){0};
}

void rb_diagnostics_print(const struct rb_diagnostics *diagnostics, struct rb_strbuf *out)
{
    for (size_t i = 0; i < diagnostics->count; i++) {
        const struct rb_diagnostic *item = &diagnostics->items[i];
        rb_strbuf_printf(out, "%s:%d:%d: %s", item->place.file, item->place.line,
                         item->place.column, item->message);
        if (item->hint != NULL)
            rb_strbuf_printf(out, " (%s)", item->hint);
        rb_strbuf_putc(out, '\n');
    }
    if (diagnostics->dropped > 0)
        rb_strbuf_printf(out, "%s: %zu more not shown\n", diagnostics->items[0].place.file,
                         diagnostics->dropped);
}
