/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regular expressions for names: POSIX extended ones, in bytes, without what could make a match or
 * a compiled expression large: no back references, few repetitions, short texts.
 */
#ifndef REBAKE_BASE_REGEX_H
#define REBAKE_BASE_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum { RB_REGEX_MAXIMUM = 256, RB_REGEX_TEXT_MAXIMUM = 1024 }; /* bytes */

/* What speaks against an expression before regcomp(3) sees it, since that would take it and then
   all memory: "has a back reference", "repeats too often", …; NULL for none. */
const char *rb_regex_refuses(const char *pattern);

struct rb_regex;

/* RB_EINVALID for what is no expression, or is one that is refused. */
RB_NODISCARD int rb_regex_new(const char *pattern, struct rb_regex **ret_regex, struct rb_err *err);
void rb_regex_free(struct rb_regex *regex); /* NULL is allowed */

/* Does the expression match the whole text? A piece is what its first group matched, or the whole
   text where the expression has no group. False also for a text that is too long, and where the
   first group has no part in the match. */
bool rb_regex_match(const struct rb_regex *regex, const char *text, const char **ret_piece,
                    size_t *ret_size);

#endif
