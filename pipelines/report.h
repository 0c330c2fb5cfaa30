/* SPDX-License-Identifier: Apache-2.0 */
/* Where all parts of this room bring what they find wrong in one file. */
#ifndef PIPELINES_REPORT_H
#define PIPELINES_REPORT_H

#include <stdbool.h>

#include "rebake/base/arena.h"
#include "rebake/pipelines/diagnostic.h"

struct rb_mark {
    int line;   /* from 1 */
    int column; /* from 1, in characters */
};

struct rb_report {
    struct rb_diagnostics *diagnostics;
    const char *file;
};

/* Adds one, kept in the order of marks; control characters are shown as '?'. hint may be NULL. Past
   RB_DIAGNOSTICS_MAXIMUM the one that stands last is dropped and counted. */
void rb_report_add(struct rb_report *report, struct rb_mark mark, const char *hint,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* True once more would be dropped: then a costly hint is not worth looking for. */
bool rb_report_is_full(const struct rb_report *report);

/* Text from the file as a message shows it: in quotes, cut to 60 bytes, the
   password of a URL hidden. */
const char *rb_report_quote(struct rb_arena *arena, const char *text);

#endif
