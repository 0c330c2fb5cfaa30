/* SPDX-License-Identifier: Apache-2.0 */
/* Semantic versions: SemVer 2.0.0 (semver.org), and ranges of them as node-semver writes and
   understands them (github.com/npm/node-semver, "Ranges"). */
#ifndef REBAKE_BASE_SEMVER_H
#define REBAKE_BASE_SEMVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

/* The size of a version or of a range, in bytes. */
enum { RB_SEMVER_MAXIMUM = 256, RB_SEMVER_RANGE_MAXIMUM = 1024 };

struct rb_semver {
    uint64_t numbers[3];    /* major, minor, patch */
    const char *prerelease; /* "rc.1", borrowed from the text; NULL without one */
    size_t prerelease_size;
};

/* Reads the whole text: MAJOR.MINOR.PATCH[-PRERELEASE][+BUILD], with a "v" before it allowed.
   Numbers go up to INT64_MAX. False for anything else. */
bool rb_semver_parse(const char *text, struct rb_semver *ret_version);

/* Precedence (SemVer section 11): negative, zero or positive. Build metadata does not count. */
int rb_semver_compare(const struct rb_semver *a, const struct rb_semver *b);

/* The same for any two texts: what is no version is older than every version, and among its like
   ordered by bytes. Total. */
int rb_semver_compare_texts(const char *a, const char *b);
bool rb_semver_is_version(const char *text);

/* "^1.2", "~1.2.3", "1.x", ">=1.2 <2", "1.2 - 1.4", "^1 || ^3", "*"; "" is "*". A version with a
   prerelease is held only where a bound has one and the same three numbers, unless prereleases are
   asked for. RB_EINVALID for what is none. */
struct rb_semver_range;
RB_NODISCARD int rb_semver_range_parse(const char *text, bool prereleases,
                                       struct rb_semver_range **ret_range, struct rb_err *err);
void rb_semver_range_free(struct rb_semver_range *range); /* NULL is allowed */
bool rb_semver_range_holds(const struct rb_semver_range *range, const struct rb_semver *version);

#endif
