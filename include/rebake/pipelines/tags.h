/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many tags is followed: of a git repository or of an image. A tag counts that `glob` and
 * `match` let through; it is compared by its piece, which is what the first group of `match`
 * matched, or else the whole name.
 */
#ifndef REBAKE_PIPELINES_TAGS_H
#define REBAKE_PIPELINES_TAGS_H

#include <stdbool.h>

/* Nothing is said by a NULL. All zero: there is no policy. */
struct rb_tag_policy {
    const char *glob;   /* as rb_text_glob takes it */
    const char *match;  /* a POSIX extended regular expression of the whole name (base/regex.h) */
    const char *semver; /* a range of semantic versions (base/semver.h) for the piece */
    const char *order;  /* of the pieces: "semver", "numeric", "alphabetical" or "deb" */
    bool prereleases;   /* the range holds prereleases too */
};

#endif
