/* SPDX-License-Identifier: Apache-2.0 */
/* Small questions about text that several rooms ask. */
#ifndef REBAKE_BASE_TEXT_H
#define REBAKE_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool rb_text_equal(const char *a, const char *b); /* NULL equals only NULL */
bool rb_text_starts_with(const char *text, const char *prefix);
bool rb_text_ends_with(const char *text, const char *suffix);
bool rb_text_is_empty(const char *text); /* NULL or "" */

/* The whole text as a decimal number without a sign: false on anything else or on overflow. */
bool rb_text_to_u64(const char *text, uint64_t *ret_value);
bool rb_text_to_i64(const char *text, int64_t *ret_value); /* a leading '-' is allowed */

/* Shell-style match of the whole text: `*` any run without '/', `**` any run, `?` one character. */
bool rb_text_glob(const char *pattern, const char *text);

/* The value of a hexadecimal digit in either case; -1 for any other character. */
int rb_text_hex_digit(char digit);

/* The candidate most like `text` (edit distance, two letters swapped counted as one edit; at most a
   third of its length away, or one), or NULL. For "did you mean" hints. candidates is
   NULL-terminated. */
const char *rb_text_nearest(const char *text, const char *const *candidates);

/* True for a name that people give to things: [a-z0-9] then [a-z0-9._-], at most 63 bytes. */
bool rb_text_is_name(const char *text);

/* The size of the well-formed UTF-8 sequence (RFC 3629) that text begins with, of at most size
   bytes; 0 where there is none. */
size_t rb_text_utf8_sequence(const char *text, size_t size);
/* True for text that is well-formed UTF-8 (RFC 3629) of `size` bytes. */
bool rb_text_is_utf8(const char *text, size_t size);

/* Copies text into out (of out_size bytes), cut to fit, with control characters and what is not
   UTF-8 shown as '?', so that words from outside cannot steer a terminal. Returns out. */
char *rb_text_printable(const char *text, char *out, size_t out_size);

#endif
