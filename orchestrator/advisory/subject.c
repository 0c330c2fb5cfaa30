/* SPDX-License-Identifier: Apache-2.0 */
#include "subject.h"

#include <string.h>

#include "range.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/pypi_name.h"

static void add_key(struct subject *subject, const char *key, enum rb_ecosystem_names names)
{
    size_t count = names == RB_NAMES_SOURCE ? 1 : subject->name_count;
    subject->key_names[subject->key_count] = count;
    subject->keys[subject->key_count++] = key;
}

static void add_name(struct subject *subject, const char *name, const char *version)
{
    subject->names[subject->name_count++] = (struct subject_name){name, version};
}

/* The file name of a source rpm has no epoch. What is built from it has its source's, but for the
   few that set one of their own. */
static const char *rpm_source_version(const struct rb_package *package, struct rb_arena *arena)
{
    const char *colon = strchr(package->version, ':');
    if (colon == NULL || strchr(package->source_version, ':') != NULL)
        return package->source_version;
    return rb_arena_printf(arena, "%.*s:%s", (int)(colon - package->version), package->version,
                           package->source_version);
}

static void add_names(struct subject *subject, const struct rb_package *package,
                      struct rb_arena *arena)
{
    if (package->type == RB_PACKAGE_PYPI) {
        RB_CLEANUP_FREE char *name = rb_pypi_name(package->name);
        add_name(subject, rb_arena_strdup(arena, name), package->version);
        return;
    }
    if (!rb_package_type_is_distribution(package->type)) {
        add_name(subject, package->name, package->version);
        return;
    }
    add_name(subject, package->source_name,
             subject->is_rpm ? rpm_source_version(package, arena) : package->source_version);
    if (!rb_text_equal(package->name, package->source_name))
        add_name(subject, package->name, package->version);
}

bool rb_subject_of(const struct rb_inventory *inventory, const struct rb_package *package,
                   struct rb_arena *arena, struct subject *ret_subject)
{
    struct rb_ecosystem ecosystem;
    *ret_subject = (struct subject){.is_rpm = package->type == RB_PACKAGE_RPM,
                                    .module = package->module == NULL ? "" : package->module};
    if (!rb_ecosystem_of_package(inventory, package, arena, &ecosystem))
        return false;
    const struct rb_ecosystem_kind *kind = rb_ecosystem_kind_find(ecosystem.name);
    ret_subject->ecosystem = kind->name;
    ret_subject->order = rb_range_order(kind->order);
    add_names(ret_subject, package, arena);
    add_key(ret_subject, rb_ecosystem_key(&ecosystem, arena), kind->names);
    if (*ecosystem.release != '\0')
        add_key(ret_subject, kind->name, kind->names); /* of all releases */
    if (ret_subject->is_rpm)                           /* of the repository's own updateinfo */
        add_key(ret_subject, "rpm", RB_NAMES_EITHER);
    return true;
}
