/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is wrong with a pipeline file, all of it in one run. Shown as
 *     shop.yaml:12:5: image "app": unknown key "form" (did you mean "from"?)
 */
#ifndef REBAKE_PIPELINES_DIAGNOSTIC_H
#define REBAKE_PIPELINES_DIAGNOSTIC_H

#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/base/strbuf.h"

enum { RB_DIAGNOSTICS_MAXIMUM = 100 };

struct rb_place {
    const char *file;
    int line;   /* from 1; 0 where there is no place */
    int column; /* from 1, in characters */
};

struct rb_diagnostic {
    struct rb_place place; /* its file lives as long as the message */
    char *message;         /* one line, without control characters */
    char *hint;            /* or NULL */
};

struct rb_diagnostics {
    struct rb_diagnostic *items; /* in the order of their places */
    size_t count;
    size_t dropped; /* found beyond RB_DIAGNOSTICS_MAXIMUM */
};

void rb_diagnostics_deinit(struct rb_diagnostics *diagnostics); /* usable with RB_CLEANUP */

/* Adds one that another room finds, as the parser adds its own: in the order of places, control
   characters shown as '?', the last dropped and counted past RB_DIAGNOSTICS_MAXIMUM. What is given
   is copied; hint may be NULL. */
void rb_diagnostics_add(struct rb_diagnostics *diagnostics, const struct rb_place *place,
                        const char *hint, const char *format, ...) RB_PRINTF(4, 5);

/* One line an item, "file:line:column: message (hint)\n", and a last line if any were dropped. */
void rb_diagnostics_print(const struct rb_diagnostics *diagnostics, struct rb_strbuf *out);

#endif
