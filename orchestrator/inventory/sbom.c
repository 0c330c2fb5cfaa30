/* SPDX-License-Identifier: Apache-2.0 */
#include "sbom.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/purl.h"

/* "distro=debian-12": where a document names no operating system, its packages do. */
static void take_distribution(struct sbom_reader *reader, const struct rb_purl *purl)
{
    const char *distro = rb_purl_qualifier(purl, "distro");
    const char *dash = strrchr(distro, '-');
    struct rb_inventory *inventory = reader->inventory;
    if (*inventory->distribution != '\0' || *purl->namespace == '\0' ||
        !rb_text_starts_with(distro, purl->namespace) || dash == NULL)
        return;
    inventory->distribution = rb_arena_strdup(inventory->arena, purl->namespace);
    inventory->distribution_version = rb_arena_strdup(inventory->arena, dash + 1);
}

/* syft tells of the source in the URL: "upstream=openssl@3.0.1", where it has another name. */
static void take_upstream(struct rb_arena *arena, const struct rb_purl *purl,
                          struct rb_package *package)
{
    const char *upstream = rb_purl_qualifier(purl, "upstream");
    const char *at = strchr(upstream, '@');
    if (*upstream == '\0')
        return;
    if (package->type == RB_PACKAGE_RPM) /* the name of the source's file */
        return;
    package->source_name =
        rb_arena_strndup(arena, upstream, at == NULL ? strlen(upstream) : (size_t)(at - upstream));
    if (at != NULL)
        package->source_version = at + 1;
}

void sbom_add(struct sbom_reader *reader, const struct sbom_package *told)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_purl purl;
    struct rb_package package;
    reader->packages++;
    if (told->purl == NULL || !rb_purl_read(told->purl, arena, &purl) ||
        !rb_purl_to_package(&purl, arena, &package) || *package.version == '\0') {
        reader->origin->left_out++;
        return;
    }
    if (rb_package_type_is_distribution(package.type)) {
        take_distribution(reader, &purl);
        take_upstream(arena, &purl, &package);
    }
    if (told->source_name != NULL)
        package.source_name = told->source_name;
    if (told->source_version != NULL)
        package.source_version = told->source_version;
    package.module = told->module;
    package.path = rb_package_type_is_distribution(package.type) ? NULL : told->path;
    rb_inventory_add(reader->inventory, &package);
}

void sbom_set_distribution(struct sbom_reader *reader, const char *id, const char *version,
                           const char *pretty_name)
{
    struct rb_inventory *inventory = reader->inventory;
    inventory->distribution = rb_arena_strdup(inventory->arena, id);
    inventory->distribution_version = rb_arena_strdup(inventory->arena, version);
    inventory->pretty_name = rb_arena_strdup(inventory->arena, pretty_name);
}

int sbom_read(const char *data, size_t size, const char *what, struct rb_inventory *inventory,
              struct sbom_origin *ret_origin, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *document = NULL;
    struct sbom_reader reader = {.inventory = inventory, .origin = ret_origin};
    *ret_origin = (struct sbom_origin){0};
    int status = rb_json_parse(data, size, what, &document, err);
    if (status != 0)
        return status;
    if (rb_text_equal(rb_json_get_string(document, "bomFormat", NULL), "CycloneDX"))
        return sbom_read_cyclonedx(&reader, document, what, err);
    if (rb_text_starts_with(rb_json_get_string(document, "spdxVersion", ""), "SPDX-2."))
        return sbom_read_spdx(&reader, document, what, err);
    return rb_err_set(
        err, RB_EINVALID,
        "%s is neither CycloneDX (\"bomFormat\") nor SPDX 2 (\"spdxVersion\") in JSON", what);
}
