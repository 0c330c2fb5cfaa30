/* SPDX-License-Identifier: Apache-2.0 */
/* The inventory as Rebake's own JSON: what `rebake scan` prints and what a job hands back. */
#include "rebake/base/memory.h"
#include "rebake/inventory/package.h"
#include "rebake/inventory/version.h"

json_t *rb_inventory_to_json(const struct rb_inventory *inventory)
{
    json_t *distribution = rb_json_object();
    rb_json_set_string(distribution, "id", inventory->distribution);
    rb_json_set_string(distribution, "version", inventory->distribution_version);
    rb_json_set_string(distribution, "codename", inventory->codename);
    rb_json_set_string(distribution, "name", inventory->pretty_name);

    json_t *packages = rb_json_array();
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        RB_CLEANUP_FREE char *purl = rb_package_purl(inventory, package);
        json_t *item = rb_json_object();
        rb_json_set_string(item, "type", rb_package_type_name(package->type));
        rb_json_set_string(item, "name", package->name);
        rb_json_set_string(item, "version", package->version);
        rb_json_set_string(item, "architecture", package->architecture);
        rb_json_set_string(item, "source", package->source_name);
        rb_json_set_string(item, "sourceVersion", package->source_version);
        rb_json_set_bool(item, "held", package->held);
        rb_json_set_string(item, "purl", purl);
        if (*package->path != '\0')
            rb_json_set_string(item, "path", package->path);
        if (*package->module != '\0')
            rb_json_set_string(item, "module", package->module);
        rb_json_append(packages, item);
    }

    json_t *document = rb_json_object();
    rb_json_set(document, "distribution", distribution);
    rb_json_set_string(document, "architecture", inventory->architecture);
    rb_json_set(document, "packages", packages);
    return document;
}

static int read_package(const json_t *item, struct rb_inventory *inventory, struct rb_err *err)
{
    const char *name, *version, *architecture;
    int status;
    if ((status = rb_json_want_string(item, "package", "name", &name, err)) != 0 ||
        (status = rb_json_want_string(item, name, "version", &version, err)) != 0 ||
        (status = rb_json_want_string(item, name, "architecture", &architecture, err)) != 0)
        return status;
    /* an inventory that was kept before there were types is of dpkg's packages */
    const char *type = rb_json_get_string(item, "type", "deb");
    struct rb_package package = {
        .name = name,
        .architecture = architecture,
        .version = version,
        .source_name = rb_json_get_string(item, "source", NULL),
        .source_version = rb_json_get_string(item, "sourceVersion", NULL),
        .path = rb_json_get_string(item, "path", NULL),
        .module = rb_json_get_string(item, "module", NULL),
        .held = rb_json_get_bool(item, "held", false),
    };
    if (!rb_package_type_find(type, &package.type))
        return rb_err_set(err, RB_EINVALID, "package %s: \"%s\" is no type of package", name, type);
    if (package.type == RB_PACKAGE_DEB && !rb_version_is_deb(version))
        return rb_err_set(err, RB_EINVALID, "package %s: \"%s\" is not a version", name, version);
    rb_inventory_add(inventory, &package);
    return 0;
}

static int read_document(const json_t *json, struct rb_inventory *inventory, struct rb_err *err)
{
    struct rb_arena *arena = inventory->arena;
    const json_t *distribution = json_object_get(json, "distribution");
    const json_t *packages = json_object_get(json, "packages");
    if (!json_is_object(distribution) || !json_is_array(packages))
        return rb_err_set(err, RB_EINVALID,
                          "inventory: \"distribution\" must be an object and \"packages\" a list");
    inventory->distribution = rb_arena_strdup(arena, rb_json_get_string(distribution, "id", ""));
    inventory->distribution_version =
        rb_arena_strdup(arena, rb_json_get_string(distribution, "version", ""));
    inventory->codename = rb_arena_strdup(arena, rb_json_get_string(distribution, "codename", ""));
    inventory->pretty_name = rb_arena_strdup(arena, rb_json_get_string(distribution, "name", ""));
    inventory->architecture = rb_arena_strdup(arena, rb_json_get_string(json, "architecture", ""));
    for (size_t i = 0; i < json_array_size(packages); i++) {
        int status = read_package(json_array_get(packages, i), inventory, err);
        if (status != 0) {
            (void)rb_err_wrap(err, "inventory: item %zu", i);
            return status;
        }
    }
    rb_inventory_sort(inventory);
    return 0;
}

int rb_inventory_from_json(const json_t *json, struct rb_inventory *ret_inventory,
                           struct rb_err *err)
{
    struct rb_inventory inventory;
    rb_inventory_init(&inventory);
    int status = read_document(json, &inventory, err);
    if (status != 0) {
        rb_inventory_deinit(&inventory);
        return status;
    }
    *ret_inventory = inventory;
    return 0;
}
