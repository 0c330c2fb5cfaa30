/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stanzas of "Name: value" fields (deb822(5), deb-control(5)): dpkg's status, Packages, Release,
 * .sources and preferences files. The text is fed in pieces of any size and nothing of it is kept
 * but the fields that were asked for.
 */
#ifndef REBAKE_INVENTORY_DEB822_H
#define REBAKE_INVENTORY_DEB822_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum {
    RB_DEB822_FIELDS_MAX = 32,       /* that one reader can be asked for */
    RB_DEB822_LINE_MAX = 1 << 20,    /* bytes of a line */
    RB_DEB822_STANZA_MAX = 16 << 20, /* bytes of a stanza */
    RB_DEB822_STANZAS_MAX = 4 << 20  /* stanzas of a file */
};

struct rb_deb822_stanza {
    /* The value of each field, in the order of the names asked for; NULL where it is absent. A
       folded value has a newline before each further line. Spaces around each line are cut off; a
       lone "." (an empty line) is kept. Borrowed for the call. */
    const char *const *values;
    size_t line; /* of its first field, from 1 */
};

/* Takes a stanza that has at least one field, also if none was asked for. A failure ends the
   reading and is what feed or end return, with "line N: " before its text. */
typedef int rb_deb822_cb(void *context, const struct rb_deb822_stanza *stanza, struct rb_err *err);

struct rb_deb822_options {
    const char *const *names; /* fields asked for, in any case; NULL-terminated; must stay */
    bool comments;            /* lines that start with '#' are left out, as apt's own files allow */
    rb_deb822_cb *stanza;
    void *context;
};

struct rb_deb822;
struct rb_deb822 *rb_deb822_new(const struct rb_deb822_options *options);
void rb_deb822_free(struct rb_deb822 *reader);     /* NULL is allowed */
void rb_deb822_cleanup(struct rb_deb822 **reader); /* for RB_CLEANUP */
/* Errors say "line N: …"; the caller puts the file's name before it. After an error the reader can
   only be freed. */
RB_NODISCARD int rb_deb822_feed(struct rb_deb822 *reader, const void *data, size_t size,
                                struct rb_err *err);
/* Ends the last line and stanza; the next feed starts another file at line 1. */
RB_NODISCARD int rb_deb822_end(struct rb_deb822 *reader, struct rb_err *err);

/* How many lines of the file were taken. */
size_t rb_deb822_lines(const struct rb_deb822 *reader);
/* So many lines, of whole stanzas, need not be fed: the caller knows what stands in them. Between
   stanzas only. */
void rb_deb822_skip(struct rb_deb822 *reader, size_t lines);

/* A whole file at once; what names it in errors. */
RB_NODISCARD int rb_deb822_read(const struct rb_deb822_options *options, const void *data,
                                size_t size, const char *what, struct rb_err *err);

#endif
