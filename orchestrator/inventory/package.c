/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/package.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const type_names[] = {
    [RB_PACKAGE_DEB] = "deb",     [RB_PACKAGE_APK] = "apk", [RB_PACKAGE_RPM] = "rpm",
    [RB_PACKAGE_PYPI] = "pypi",   [RB_PACKAGE_NPM] = "npm", [RB_PACKAGE_GOLANG] = "golang",
    [RB_PACKAGE_MAVEN] = "maven", [RB_PACKAGE_GEM] = "gem", [RB_PACKAGE_CARGO] = "cargo",
};
_Static_assert(RB_COUNT_OF(type_names) == RB_PACKAGE_TYPE_COUNT, "a type has no name");

const char *rb_package_type_name(enum rb_package_type type)
{
    return type_names[type];
}

bool rb_package_type_find(const char *name, enum rb_package_type *ret_type)
{
    for (unsigned type = 0; type < RB_PACKAGE_TYPE_COUNT; type++) {
        if (rb_text_equal(type_names[type], name)) {
            *ret_type = (enum rb_package_type)type;
            return true;
        }
    }
    return false;
}

bool rb_package_type_of_source(const char *kind, enum rb_package_type *ret_type)
{
    static const char *const SAME_NAMES[] = {"rpm", "apk", "pypi", "npm"};
    *ret_type = RB_PACKAGE_DEB;
    if (rb_text_equal(kind, "apt"))
        return true;
    for (size_t i = 0; i < RB_COUNT_OF(SAME_NAMES); i++) {
        if (rb_text_equal(kind, SAME_NAMES[i]))
            return rb_package_type_find(kind, ret_type);
    }
    return false;
}

const struct rb_version_order *rb_package_type_order(enum rb_package_type type)
{
    static const struct rb_version_order *const orders[] = {
        [RB_PACKAGE_DEB] = &rb_version_deb,      [RB_PACKAGE_APK] = &rb_version_apk,
        [RB_PACKAGE_RPM] = &rb_version_rpm,      [RB_PACKAGE_PYPI] = &rb_version_pypi,
        [RB_PACKAGE_NPM] = &rb_version_semver,   [RB_PACKAGE_GOLANG] = &rb_version_semver,
        [RB_PACKAGE_MAVEN] = &rb_version_maven,  [RB_PACKAGE_GEM] = &rb_version_gem,
        [RB_PACKAGE_CARGO] = &rb_version_semver,
    };
    _Static_assert(RB_COUNT_OF(orders) == RB_PACKAGE_TYPE_COUNT, "a type has no order");
    return orders[type];
}

bool rb_package_type_is_distribution(enum rb_package_type type)
{
    return type == RB_PACKAGE_DEB || type == RB_PACKAGE_APK || type == RB_PACKAGE_RPM;
}

void rb_inventory_init(struct rb_inventory *inventory)
{
    *inventory = (struct rb_inventory){
        .arena = rb_arena_new(),
        .distribution = "",
        .distribution_version = "",
        .codename = "",
        .pretty_name = "",
        .architecture = "",
    };
}

void rb_inventory_deinit(struct rb_inventory *inventory)
{
    rb_arena_free(inventory->arena);
    *inventory = (struct rb_inventory){0};
}

void rb_inventory_add(struct rb_inventory *inventory, const struct rb_package *package)
{
    struct rb_arena *arena = inventory->arena;
    const char *version = package->version == NULL ? "" : package->version;
    const char *source_name = package->source_name;
    const char *source_version = package->source_version;
    inventory->packages =
        rb_arena_grow(arena, inventory->packages, inventory->package_count,
                      &inventory->package_capacity, sizeof(inventory->packages[0]));
    struct rb_package *copy = &inventory->packages[inventory->package_count++];
    *copy = *package;
    copy->name = rb_arena_strdup(arena, package->name);
    copy->version = rb_arena_strdup(arena, version);
    copy->architecture =
        rb_arena_strdup(arena, package->architecture == NULL ? "" : package->architecture);
    copy->source_name = source_name == NULL ? copy->name : rb_arena_strdup(arena, source_name);
    copy->source_version =
        source_version == NULL ? copy->version : rb_arena_strdup(arena, source_version);
    copy->path = rb_arena_strdup(arena, package->path == NULL ? "" : package->path);
    copy->module = rb_arena_strdup(arena, package->module == NULL ? "" : package->module);
}

static int compare_names(const struct rb_package *package, enum rb_package_type type,
                         const char *name)
{
    if (package->type != type)
        return package->type < type ? -1 : 1;
    return strcmp(package->name, name);
}

static int compare_packages(const void *left, const void *right)
{
    const struct rb_package *a = left, *b = right;
    int difference = compare_names(a, b->type, b->name);
    if (difference == 0)
        difference = strcmp(a->architecture, b->architecture);
    if (difference == 0)
        difference = strcmp(a->version, b->version);
    return difference != 0 ? difference : strcmp(a->path, b->path);
}

static size_t drop_repeated(struct rb_package *packages, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && compare_packages(&packages[kept - 1], &packages[i]) == 0)
            packages[kept - 1].held |= packages[i].held;
        else
            packages[kept++] = packages[i];
    }
    return kept;
}

static bool is_for_any(const char *architecture)
{
    return *architecture == '\0' || rb_text_equal(architecture, "all") ||
           rb_text_equal(architecture, "noarch");
}

/* dpkg is itself a package of the native architecture. An image without it (status.d) is of the
   architecture that most of its packages have, found by Boyer and Moore's vote. */
static const char *guess_architecture(const struct rb_inventory *inventory)
{
    const struct rb_package *dpkg = rb_inventory_find(inventory, RB_PACKAGE_DEB, "dpkg", NULL);
    if (dpkg != NULL && !rb_text_equal(dpkg->architecture, "all"))
        return dpkg->architecture;
    const char *leader = "";
    size_t lead = 0;
    for (size_t i = 0; i < inventory->package_count; i++) {
        const char *architecture = inventory->packages[i].architecture;
        if (is_for_any(architecture))
            continue;
        if (lead == 0)
            leader = architecture;
        if (rb_text_equal(architecture, leader))
            lead++;
        else
            lead--;
    }
    return leader;
}

void rb_inventory_sort(struct rb_inventory *inventory)
{
    if (inventory->package_count > 0)
        qsort(inventory->packages, inventory->package_count, sizeof(inventory->packages[0]),
              compare_packages);
    inventory->package_count = drop_repeated(inventory->packages, inventory->package_count);
    if (*inventory->architecture == '\0')
        inventory->architecture = guess_architecture(inventory);
}

const struct rb_package *rb_inventory_find(const struct rb_inventory *inventory,
                                           enum rb_package_type type, const char *name,
                                           const char *architecture)
{
    size_t low = 0, high = inventory->package_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(&inventory->packages[middle], type, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < inventory->package_count; low++) {
        const struct rb_package *package = &inventory->packages[low];
        if (compare_names(package, type, name) != 0)
            return NULL;
        if (architecture == NULL || strcmp(package->architecture, architecture) == 0)
            return package;
    }
    return NULL;
}
