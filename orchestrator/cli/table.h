/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for people: columns as wide as what stands in them, cut to the terminal where one column
   may be. Text from outside cannot steer the terminal: control characters are shown as '?'. */
#ifndef ORCHESTRATOR_CLI_TABLE_H
#define ORCHESTRATOR_CLI_TABLE_H

#include <stddef.h>
#include <stdio.h>

struct rb_table_column {
    const char *title;
    int right;      /* numbers stand at the right */
    size_t minimum; /* where the table is too wide, this column may be cut to so many places; 0: no
                       cutting */
};

struct rb_table;
/* columns is borrowed and must stay. */
struct rb_table *rb_table_new(const struct rb_table_column *columns, size_t count);
void rb_table_free(struct rb_table *table); /* NULL is allowed */
void rb_table_cleanup(struct rb_table **table);

/* Fills the next cell, row by row. style is a member of a struct rb_style, or "". Both are copied.
   NULL text is shown as "-". */
void rb_table_add(struct rb_table *table, const char *style, const char *text);
void rb_table_addf(struct rb_table *table, const char *style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* With titles; cut to the terminal's width if out is one. */
void rb_table_print(const struct rb_table *table, FILE *out);
/* The same into memory that the caller frees. width 0: never cut. */
char *rb_table_format(const struct rb_table *table, size_t width, const char *title_style,
                      const char *reset);

#endif
