/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mappings to structs, by tables. A table says of each key what it holds, where it goes, whether it
 * must be there and what to write; all that a mapping does wrong by its table is reported, and what
 * it does right is filled in. Defaults are in the struct before.
 */
#ifndef PIPELINES_DECODE_H
#define PIPELINES_DECODE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/pipelines/pipeline.h"
#include "tree.h"
#include "value.h"

enum { RB_LIST_MAXIMUM = 1000 };

enum rb_field_kind {
    RB_FIELD_TEXT,  /* const char * */
    RB_FIELD_SPAN,  /* int64_t, milliseconds */
    RB_FIELD_BOOL,  /* bool */
    RB_FIELD_SET,   /* const char *const *, NULL-terminated: a list of different texts */
    RB_FIELD_SOME,  /* the same, or one text alone */
    RB_FIELD_WORDS, /* as a set, for a command line: a text may come again */
    RB_FIELD_PAIRS, /* struct rb_pairs: a mapping of names to texts */
    RB_FIELD_BLOCK, /* a mapping with a table of its own, which fills the same struct */
    RB_FIELD_NAME,  /* const struct rb_node *: a text that names another thing */
    RB_FIELD_NAMES, /* const struct rb_node *: a list of such texts */
    RB_FIELD_ITEMS  /* const struct rb_node *: a mapping of names to things, read by its caller */
};

struct rb_pairs {
    struct rb_image_argument *items; /* sorted by name */
    size_t count;
};

struct rb_field {
    const char *key; /* NULL ends the table */
    enum rb_field_kind kind;
    bool required; /* and then not empty either */
    bool filled;   /* block, items: at least one key must be there */
    size_t offset;
    const char *member; /* text, set, bool, block: of the JSON that stands for the struct; NULL: the
                           field is not in it */
    rb_value_reader *read; /* text, set, some, words: each text. pairs: each name */
    const char *least;     /* span: bounds, as they are written in the file */
    const char *most;
    const struct rb_field *block;
    const char *example; /* what to write where it is missing or of another kind */
};

struct rb_decode {
    struct rb_arena *arena;
    struct rb_report *report;
};

/* Reads mapping into the struct at out. subject names it in messages ("image \"app\""); at is where
   a missing key is told: its name, or the key that leads to it. */
void rb_decode_block(const struct rb_decode *decode, const struct rb_node *mapping,
                     struct rb_mark at, const char *subject, const struct rb_field *fields,
                     void *out);

/* The value of a key of a mapping, or NULL. */
const struct rb_node *rb_decode_find(const struct rb_node *mapping, const char *key);

/* True when node is of the kind wanted; else reports it, with example as the hint. */
bool rb_decode_expect(const struct rb_decode *decode, const struct rb_node *node,
                      enum rb_node_kind kind, const char *subject, const char *key,
                      const char *example);

#endif
