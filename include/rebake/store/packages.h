/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which artifacts hold which packages. A package is one row for each name, version, architecture,
 * source and release, however many artifacts hold it; a list of packages that several artifacts
 * have in common is kept once. What is asked costs as much as it finds, not as much as there is.
 */
#ifndef REBAKE_STORE_PACKAGES_H
#define REBAKE_STORE_PACKAGES_H

#include <stdbool.h>

#include "rebake/store/store.h"

/* Of the inventories' members of the same names (rb_inventory_to_json). */
struct rb_package_row {
    int64_t id;
    const char *type;
    const char *name;
    const char *version;
    const char *architecture;
    const char *source_name;
    const char *source_version;
    const char *module;       /* of rpm, "perl:5.26:…"; "" for one that is of none */
    const char *distribution; /* os-release's; all three "" for a language's package */
    const char *release;      /* VERSION_ID */
    const char *codename;
};

/* The packages of that name, in all their versions and releases; by_source: those that were made
   from the source package of that name. Ordered by id. */
RB_NODISCARD int rb_store_packages_named(struct rb_store *store, const char *name, bool by_source,
                                         struct rb_arena *arena, struct rb_package_row **ret_rows,
                                         size_t *ret_count, struct rb_err *err);
/* All packages with an id larger than after, the lowest first, at most limit. */
RB_NODISCARD int rb_store_packages(struct rb_store *store, int64_t after, size_t limit,
                                   struct rb_arena *arena, struct rb_package_row **ret_rows,
                                   size_t *ret_count, struct rb_err *err);

/* An artifact that holds a package that was asked for. */
struct rb_holder_row {
    int64_t artifact_id;
    int64_t image_id;
    bool newest;   /* the image's newest good artifact */
    bool deployed; /* a deployment has it rolled out */
};

/* The artifacts that hold any of the packages, each once, ordered by id. current_only: those that
   are newest or deployed. */
RB_NODISCARD int rb_store_holders(struct rb_store *store, const int64_t *package_ids, size_t count,
                                  bool current_only, struct rb_arena *arena,
                                  struct rb_holder_row **ret_rows, size_t *ret_count,
                                  struct rb_err *err);

#endif
