/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include <string.h>

enum { SUMMARY_SIZE = 160 };

const char *rb_summary_of(const char *text, struct rb_arena *arena)
{
    size_t size = strcspn(text, "\r\n");
    if (text[size] == '\0' && size <= SUMMARY_SIZE)
        return text;
    if (size > SUMMARY_SIZE) {
        size = SUMMARY_SIZE;
        while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80)
            size--;
    }
    return rb_arena_printf(arena, "%.*s…", (int)size, text);
}
