/* SPDX-License-Identifier: Apache-2.0 */
#include "style.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "rebake/base/text.h"

static bool wants_colours(FILE *stream)
{
    const char *terminal = getenv("TERM");
    return rb_text_is_empty(getenv("NO_COLOR")) && !rb_text_is_empty(terminal) &&
           !rb_text_equal(terminal, "dumb") && isatty(fileno(stream));
}

struct rb_style rb_style_for(FILE *stream)
{
    static const struct rb_style colours = {
        .reset = "\033[0m",
        .bold = "\033[1m",
        .dim = "\033[2m",
        .good = "\033[32m",
        .warn = "\033[33m",
        .bad = "\033[31m",
        .name = "\033[36m",
    };
    static const struct rb_style none = {"", "", "", "", "", "", ""};
    return wants_colours(stream) ? colours : none;
}
