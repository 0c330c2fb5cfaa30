/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipe: what of an image's definition decides what is built. Hashed as canonical JSON, so
 * neither the order of keys nor the form of the YAML matters. Sources count by their address, not
 * by the name that the file gives them; how often they are checked, where things stand in the file,
 * how long a build may take and how long it waits do not count.
 */
#include "model.h"
#include "rebake/base/memory.h"

#include <string.h>

static json_t *base_of(const struct rb_image *image)
{
    if (image->from_source != NULL)
        return rb_source_spec(image->from_source);
    json_t *base = rb_json_object();
    rb_json_set_string(base, "kind", "built");
    rb_json_set_string(base, "name", image->from_image->name);
    return base;
}

/* Without what changes whether a commit is taken, and not what is made of it. */
static json_t *context_of(const struct rb_image *image)
{
    static const char *const MEMBERS[] = {"paths", "signed"};
    json_t *spec = rb_source_spec(image->context_source);
    for (size_t i = 0; i < RB_COUNT_OF(MEMBERS); i++)
        json_object_del(spec, MEMBERS[i]);
    return spec;
}

void rb_recipe_hash(struct rb_image *image)
{
    RB_CLEANUP_JSON json_t *recipe = rb_json_object();
    json_t *packages = rb_json_array(), *arguments = rb_json_object();
    for (size_t i = 0; image->packages[i] != NULL; i++) {
        json_t *spec = rb_source_spec(image->packages[i]);
        json_object_del(spec, "architectures"); /* the same recipe on every machine */
        rb_json_append(packages, spec);
    }
    for (size_t i = 0; i < image->argument_count; i++)
        rb_json_set_string(arguments, image->arguments[i].name, image->arguments[i].value);
    rb_json_set(recipe, "from", base_of(image));
    rb_json_set(recipe, "context", context_of(image));
    rb_json_set_string(recipe, "path", image->context_path);
    rb_json_set_string(recipe, "file", image->recipe_file);
    rb_json_set_string(recipe, "builder", image->builder);
    rb_json_set_string(recipe, "push", image->push);
    rb_json_set(recipe, "packages", packages);
    rb_json_set(recipe, "arguments", arguments);
    RB_CLEANUP_FREE char *text = rb_json_canonical(recipe);
    rb_sha256_of(text, strlen(text), image->recipe_hash);
}
