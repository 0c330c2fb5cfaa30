/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tag policy at work: which of the names that an upstream has is the newest that counts. Pure.
 * The orders of pieces: "semver" by SemVer 2.0.0, "deb" by deb-version(7), "alphabetical" by bytes,
 * "numeric" number by number ("12" < "12.1" < "12.10", whatever of ".", "-" and "_" is between). A
 * name whose piece is none of what its order compares does not count.
 */
#ifndef REBAKE_WATCH_TAG_CHOICE_H
#define REBAKE_WATCH_TAG_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/pipelines/tags.h"

enum { RB_TAG_MAXIMUM = 255 }; /* bytes of a name; a longer one does not count */

struct rb_tag_choice;

/* RB_EINVALID for a policy with a bad expression, range or order. The policy is copied. */
RB_NODISCARD int rb_tag_choice_new(const struct rb_tag_policy *policy,
                                   struct rb_tag_choice **ret_choice, struct rb_err *err);
void rb_tag_choice_free(struct rb_tag_choice *choice); /* NULL is allowed */

bool rb_tag_choice_counts(const struct rb_tag_choice *choice, const char *name);

/* The order of two names that count: negative, zero or positive as a is older than, equal to or
   newer than b. */
int rb_tag_choice_compare(const struct rb_tag_choice *choice, const char *a, const char *b);

/* The newest of the names that count, or NULL; among equal ones the last by bytes, so that the
   order of the list means nothing. */
const char *rb_tag_choice_best(const struct rb_tag_choice *choice, const char *const *names,
                               size_t count);

#endif
