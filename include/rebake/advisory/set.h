/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of advisories: what a feed holds, as one file that is mapped, not loaded. Made by one pass,
 * sorted by ecosystem, release and package, so that a lookup is a binary search. It is derived
 * data: lost or of another format, it is made again from upstream.
 */
#ifndef REBAKE_ADVISORY_SET_H
#define REBAKE_ADVISORY_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/advisory/advisory.h"

/* Who says what a set says. */
enum rb_advisory_origin {
    RB_ORIGIN_GENERAL,     /* a database of many ecosystems */
    RB_ORIGIN_DISTRIBUTION /* the distribution itself, of its own packages */
};

struct rb_advisory_set_builder;
struct rb_advisory_set_builder *rb_advisory_set_builder_new(enum rb_advisory_origin origin);
void rb_advisory_set_builder_free(struct rb_advisory_set_builder *builder); /* NULL is allowed */
/* A copy of all that the advisory says, but of the explicit versions those alone that no range of
   their ecosystem's order holds. An rb_advisory_cb, with the builder as context. RB_ELIMIT when the
   set grows too large. */
RB_NODISCARD int rb_advisory_set_builder_add(void *builder, const struct rb_advisory *advisory,
                                             struct rb_err *err);
/* Writes the set, whole or not at all. */
RB_NODISCARD int rb_advisory_set_builder_write(struct rb_advisory_set_builder *builder,
                                               const char *path, struct rb_err *err);

struct rb_advisory_set;
/* RB_EINVALID for a file that is no set of this format, whatever is wrong with it. */
RB_NODISCARD int rb_advisory_set_open(const char *path, struct rb_advisory_set **ret_set,
                                      struct rb_err *err);
void rb_advisory_set_close(struct rb_advisory_set *set); /* NULL is allowed */
enum rb_advisory_origin rb_advisory_set_origin(const struct rb_advisory_set *set);

/* Of advisories. */
size_t rb_advisory_set_count(const struct rb_advisory_set *set);
/* The whole advisory, with its lists in the arena and its texts in the set. */
void rb_advisory_set_get(const struct rb_advisory_set *set, size_t position, struct rb_arena *arena,
                         struct rb_advisory *ret_advisory);

/* The same without what it affects and how severely. */
void rb_advisory_set_names(const struct rb_advisory_set *set, size_t position,
                           struct rb_arena *arena, struct rb_advisory *ret_advisory);

/* The advisories that have a name, be it their id, an alias or what they are about (upstream), as
   places *ret_first … *ret_first + return value - 1 for rb_advisory_set_named. */
size_t rb_advisory_set_find(const struct rb_advisory_set *set, const char *name, size_t *ret_first);
size_t rb_advisory_set_named(const struct rb_advisory_set *set, size_t place);

/* What is said of a package, under the key of its ecosystem ("Debian:12", rb_ecosystem_key), as
   places for rb_advisory_set_affected. */
size_t rb_advisory_set_find_package(const struct rb_advisory_set *set, const char *key,
                                    const char *package, size_t *ret_first);
/* With lists in the arena and texts in the set; *ret_advisory is its advisory's position. */
void rb_advisory_set_affected(const struct rb_advisory_set *set, size_t place,
                              struct rb_arena *arena, struct rb_affected *ret_affected,
                              size_t *ret_advisory);

#endif
