/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/advisory/vex.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/purl.h"

static bool names_vulnerability(const struct rb_vex_statement *statement,
                                const struct rb_finding *finding)
{
    for (const char *const *name = statement->vulnerabilities; *name != NULL; name++) {
        for (size_t i = 0; i < finding->name_count; i++) {
            if (strcmp(*name, finding->names[i]) == 0)
                return true;
        }
    }
    return false;
}

static bool is_package(const char *name, const struct rb_vex_place *place, struct rb_arena *arena)
{
    struct rb_purl purl;
    return rb_purl_read(name, arena, &purl) &&
           rb_purl_means(&purl, place->inventory, place->package);
}

/* pkg:oci/NAME@DIGEST?repository_url=REGISTRY/NAME (PURL-TYPES, oci). */
static bool is_image_url(const struct rb_purl *purl, const struct rb_vex_place *place)
{
    const char *slash = strrchr(place->reference, '/');
    const char *repository = rb_purl_qualifier(purl, "repository_url");
    return rb_text_equal(purl->type, "oci") &&
           strcmp(purl->name, slash == NULL ? place->reference : slash + 1) == 0 &&
           (*purl->version == '\0' || rb_text_equal(purl->version, place->digest)) &&
           (*repository == '\0' || strcmp(repository, place->reference) == 0);
}

/* "registry/name", with or without a digest; the digest; the name that a pipeline has for it. */
static bool is_image(const char *name, const struct rb_vex_place *place, struct rb_arena *arena)
{
    struct rb_purl purl;
    if (place->reference == NULL)
        return false;
    if (rb_purl_read(name, arena, &purl))
        return is_image_url(&purl, place);
    RB_CLEANUP_FREE char *exact = rb_asprintf("%s@%s", place->reference, place->digest);
    return rb_text_equal(name, place->image) || strcmp(name, place->reference) == 0 ||
           strcmp(name, exact) == 0 || rb_text_equal(name, place->digest);
}

typedef bool is_it(const char *name, const struct rb_vex_place *place, struct rb_arena *arena);

static bool any_is(const char *const *names, is_it *is, const struct rb_vex_place *place,
                   struct rb_arena *arena)
{
    for (; *names != NULL; names++) {
        if (is(*names, place, arena))
            return true;
    }
    return false;
}

static bool is_about_product(const struct rb_vex_product *product, const struct rb_vex_place *place,
                             struct rb_arena *arena)
{
    if (any_is(product->names, is_package, place, arena))
        return true;
    return any_is(product->names, is_image, place, arena) &&
           (*product->parts == NULL || any_is(product->parts, is_package, place, arena));
}

bool rb_vex_is_about(const struct rb_vex_statement *statement, const struct rb_finding *finding,
                     const struct rb_vex_place *place)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    if (!names_vulnerability(statement, finding))
        return false;
    for (size_t i = 0; i < statement->product_count; i++) {
        if (is_about_product(&statement->products[i], place, arena))
            return true;
    }
    return false;
}
