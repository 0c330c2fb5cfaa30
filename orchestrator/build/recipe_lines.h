/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of a Containerfile as the builders' own parsers see them: comments and empty lines
 * gone, continued lines joined (Dockerfile reference, "Format", "Parser directives", "Escape").
 */
#ifndef REBAKE_BUILD_RECIPE_LINES_H
#define REBAKE_BUILD_RECIPE_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/strbuf.h"

struct recipe_lines {
    const char *at;
    const char *end;
    int line;    /* of the file, read so far */
    char escape; /* '\\' or, by directive, '`' */
};

/* data is borrowed for as long as the lines are read. Reads the parser directives. */
void recipe_lines_init(struct recipe_lines *lines, const char *data, size_t size);

/* The next instruction: text (emptied first) holds it without blanks at its ends. *ret_line is
   where it starts, from 1. False at the end of the file. */
bool recipe_lines_next(struct recipe_lines *lines, struct rb_strbuf *text, int *ret_line);

#endif
