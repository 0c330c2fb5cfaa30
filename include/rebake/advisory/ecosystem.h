/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ecosystems: whose package names and versions an advisory speaks of, and which one a package of an
 * image belongs to. The names are those of OSV (ossf/osv-schema docs/schema.md, "Defined
 * ecosystems"), with those of distributions that OSV has none for, but whose repositories carry
 * advisories (updateinfo.xml).
 */
#ifndef REBAKE_ADVISORY_ECOSYSTEM_H
#define REBAKE_ADVISORY_ECOSYSTEM_H

#include <stdbool.h>

#include "rebake/base/arena.h"
#include "rebake/inventory/package.h"
#include "rebake/inventory/version.h"

/* "Ubuntu:Pro:22.04:LTS" is {"Ubuntu", "22.04", "Pro:LTS"}. What has one release stands under one
   name and release, in whatever channel it was published: that is the suffix. */
struct rb_ecosystem {
    const char *name;
    const char *release; /* "12", "v3.19", "15 SP5"; "" for none, or for all of them */
    const char *suffix;  /* "LTS", "Pro:LTS", "Linux Enterprise Module for Basesystem" */
};

/* Whose names an ecosystem's advisories use. */
enum rb_ecosystem_names {
    RB_NAMES_SOURCE, /* of source packages */
    RB_NAMES_EITHER  /* of source packages, or of those built from them; of a language's packages */
};

struct rb_ecosystem_kind {
    const char *name;
    const char *order; /* for rb_version_order_find */
    enum rb_package_type type;
    enum rb_ecosystem_names names;
};

/* NULL for one that no package of an image is of. */
const struct rb_ecosystem_kind *rb_ecosystem_kind_find(const char *name);

/* Parses a feed's word. A release is written one way, whoever wrote it: Debian's by number, even
   where its codename was given; Alpine's with its 'v'; SUSE's as "15 SP5". */
struct rb_ecosystem rb_ecosystem_parse(const char *text, struct rb_arena *arena);

/* "Debian:12": under which its advisories are found. The arena has it. */
const char *rb_ecosystem_key(const struct rb_ecosystem *ecosystem, struct rb_arena *arena);

/* The ecosystem of a package: by its type, and for a distribution's package by the inventory's
   distribution. False where no ecosystem is known. */
bool rb_ecosystem_of_package(const struct rb_inventory *inventory, const struct rb_package *package,
                             struct rb_arena *arena, struct rb_ecosystem *ret_ecosystem);

/* "12" for "bookworm"; a name that is not known is returned as it is. */
const char *rb_ecosystem_debian_release(const char *codename);

#endif
