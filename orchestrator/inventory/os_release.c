/* SPDX-License-Identifier: Apache-2.0 */
/* os-release(5): assignments in a small part of the shell's language. */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/package.h"

enum { VALUE_MAX = 4096 };

/* What a shell would assign: quotes taken away, a backslash within double quotes or none makes the
   next byte plain. */
static char *unquote(struct rb_arena *arena, const char *begin, const char *end)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf value = RB_STRBUF_INIT(VALUE_MAX);
    char quote = '\0';
    for (const char *at = begin; at < end; at++) {
        if (*at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else {
            if (*at == '\\' && quote != '\'' && at + 1 < end)
                at++;
            rb_strbuf_putc(&value, *at);
        }
    }
    return rb_arena_strdup(arena, rb_strbuf_text(&value));
}

static void take_line(struct rb_inventory *inventory, const char *line, const char *end)
{
    const struct {
        const char *name;
        const char **value;
    } known[] = {
        {"ID", &inventory->distribution},
        {"VERSION_ID", &inventory->distribution_version},
        {"VERSION_CODENAME", &inventory->codename},
        {"PRETTY_NAME", &inventory->pretty_name},
    };
    while (end > line && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    for (size_t i = 0; i < RB_COUNT_OF(known); i++) {
        size_t size = strlen(known[i].name);
        if ((size_t)(end - line) > size && memcmp(line, known[i].name, size) == 0 &&
            line[size] == '=')
            *known[i].value = unquote(inventory->arena, line + size + 1, end);
    }
}

void rb_inventory_add_os_release(struct rb_inventory *inventory, const char *data, size_t size)
{
    const char *end = data + size;
    while (data < end) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        const char *line_end = newline == NULL ? end : newline;
        take_line(inventory, data, line_end);
        data = newline == NULL ? end : newline + 1;
    }
}
