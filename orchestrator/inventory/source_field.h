/* SPDX-License-Identifier: Apache-2.0 */
/* The Source field of a binary package (deb-control(5)): "name" or "name (version)". */
#ifndef ORCHESTRATOR_INVENTORY_SOURCE_FIELD_H
#define ORCHESTRATOR_INVENTORY_SOURCE_FIELD_H

#include <stddef.h>

/* Borrowed from the field, or from the package where the field does not tell. */
struct rb_source_field {
    const char *name;
    size_t name_size;
    const char *version;
    size_t version_size;
};

/* field may be NULL: then source and package have the same name and version. */
struct rb_source_field rb_source_field_split(const char *field, const char *package,
                                             const char *version);

#endif
