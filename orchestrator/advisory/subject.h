/* SPDX-License-Identifier: Apache-2.0 */
/* A package as advisories speak of it: under which keys and names, and by which order of versions.
 */
#ifndef ORCHESTRATOR_ADVISORY_SUBJECT_H
#define ORCHESTRATOR_ADVISORY_SUBJECT_H

#include "rebake/advisory/ecosystem.h"
#include "rebake/inventory/version.h"

struct subject_name {
    const char *name;
    const char *version;
};

enum { SUBJECT_KEYS = 3, SUBJECT_NAMES = 2 };

struct subject {
    const char *ecosystem; /* "Debian" */
    const char *keys[SUBJECT_KEYS];
    size_t key_names[SUBJECT_KEYS]; /* how many of the names are asked for under each key */
    size_t key_count;
    struct subject_name names[SUBJECT_NAMES]; /* the source's first */
    size_t name_count;
    const struct rb_version_order *order; /* NULL: none is known */
    bool is_rpm;
    const char *module; /* of rpm: that the package was built for; "" for none, or not known */
};

/* False where no ecosystem is known for it. */
bool rb_subject_of(const struct rb_inventory *inventory, const struct rb_package *package,
                   struct rb_arena *arena, struct subject *ret_subject);

#endif
