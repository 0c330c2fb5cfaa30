/* SPDX-License-Identifier: Apache-2.0 */
/* Package URLs read (package-url/purl-spec, PURL-SPECIFICATION.rst): what rb_package_purl writes,
   and what others do. */
#ifndef REBAKE_INVENTORY_PURL_H
#define REBAKE_INVENTORY_PURL_H

#include "rebake/inventory/package.h"

enum { RB_PURL_QUALIFIERS_MAXIMUM = 32 };

/* Decoded; "" for what is not said. Subpaths are left out. */
struct rb_purl {
    const char *type;      /* in lower case: "deb", "oci" */
    const char *namespace; /* "debian", "@types", "github.com/opencontainers" */
    const char *name;
    const char *version;
    struct {
        const char *key; /* in lower case */
        const char *value;
    } qualifiers[RB_PURL_QUALIFIERS_MAXIMUM];
    size_t qualifier_count;
};

/* Texts are in the arena. False for what is no package URL. */
bool rb_purl_read(const char *text, struct rb_arena *arena, struct rb_purl *ret_purl);
/* "" where there is none. */
const char *rb_purl_qualifier(const struct rb_purl *purl, const char *key);

/* The package that it names, as inventories have it: without a source of its own. False for a type
   that no inventory has. */
bool rb_purl_to_package(const struct rb_purl *purl, struct rb_arena *arena,
                        struct rb_package *ret_package);

/* Does the URL mean the package of the inventory? What the URL does not say (version,
   qualifiers) may be anything; qualifiers that we do not write are not looked at. */
bool rb_purl_means(const struct rb_purl *purl, const struct rb_inventory *inventory,
                   const struct rb_package *package);

#endif
