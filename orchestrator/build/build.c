/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The build job, step by step:
 *   checkout  the locked tree becomes a folder
 *   recipe    the Containerfile is made exact: each image by digest
 *   base      the locked base is there
 *   build     the image is made; its layers begin with the base's
 * and unless it is only tried:
 *   push      it is in its registry, under a tag that is its content's own
 *   scan      what is inside it, read back from the registry
 */
#include "rebake/build/build.h"

#include <stdio.h>
#include <string.h>

#include "apt_sources.h"
#include "build_log.h"
#include "build_spec.h"
#include "buildah.h"
#include "containerfile.h"
#include "leftovers.h"
#include "published.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/scan.h"

enum { RECIPE_MAXIMUM = 1 << 20, PLATFORM_VARIABLES = 8 };

struct build {
    struct rb_job *job;
    struct build_spec spec;
    struct rb_net_session session;
    struct containerfile recipe;
    struct published published;
    char *context;      /* folder of the code */
    char *recipe_path;  /* of the exact copy */
    char *repositories; /* folder of the apt sources */
    char *run_flags;    /* NULL when there are none */
    char *base;         /* registry/name@digest */
    struct buildah_image base_image;
    char id[BUILDAH_ID_SIZE];
    const char **ret_class;
};

static void deinit_build(struct build *build)
{
    rb_net_session_deinit(&build->session);
    containerfile_deinit(&build->recipe);
    buildah_image_deinit(&build->base_image);
    rb_free(build->context);
    rb_free(build->recipe_path);
    rb_free(build->repositories);
    rb_free(build->run_flags);
    rb_free(build->base);
}

static int do_checkout(struct build *build, struct rb_err *err)
{
    rb_job_step(build->job, "checkout");
    return checkout(build->job, &build->spec.code, build->context, err);
}

/* ── the recipe ─────────────────────────────────────────────────────────────────────────────── */

/* What builders set by themselves (Dockerfile reference, "Automatic platform ARGs"). text holds the
   joined platform. */
static size_t platform_variables(struct recipe_variable *variables, char *text, size_t text_size)
{
    struct rb_platform here = rb_platform_here();
    const char *variant = here.variant != NULL ? here.variant : "";
    size_t count = 0;
    (void)snprintf(text, text_size, "%s/%s%s%s", here.os, here.architecture,
                   variant[0] != '\0' ? "/" : "", variant);
    variables[count++] = (struct recipe_variable){"TARGETPLATFORM", text};
    variables[count++] = (struct recipe_variable){"TARGETOS", here.os};
    variables[count++] = (struct recipe_variable){"TARGETARCH", here.architecture};
    variables[count++] = (struct recipe_variable){"TARGETVARIANT", variant};
    variables[count++] = (struct recipe_variable){"BUILDPLATFORM", text};
    variables[count++] = (struct recipe_variable){"BUILDOS", here.os};
    variables[count++] = (struct recipe_variable){"BUILDARCH", here.architecture};
    variables[count++] = (struct recipe_variable){"BUILDVARIANT", variant};
    return count;
}

static int pin_recipe(struct build *build, const char *data, size_t size, struct rb_err *err)
{
    const struct build_spec *spec = &build->spec;
    size_t given = json_object_size(spec->arguments);
    RB_CLEANUP_FREE struct recipe_variable *variables =
        rb_calloc(given + PLATFORM_VARIABLES, sizeof(*variables));
    RB_CLEANUP_FREE char *tagged = NULL;
    char platform[64];
    size_t count = platform_variables(variables, platform, sizeof(platform));
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)spec->arguments, name, value) variables[count++] =
        (struct recipe_variable){name, json_string_value(value)};
    if (spec->from_tag != NULL)
        tagged = rb_asprintf("%s:%s", spec->base_reference, spec->from_tag);
    const struct containerfile_options options = {
        .file = spec->recipe_file,
        .base_name = spec->from,
        .base_tagged = tagged,
        .base_pinned = build->base,
        .arguments = variables,
        .argument_count = count,
        .run_flags = build->run_flags,
    };
    return containerfile_pin(data, size, &options, &build->recipe, err);
}

static int do_recipe(struct build *build, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", build->context, build->spec.recipe_file);
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    rb_job_step(build->job, "recipe");
    int status = rb_file_read(path, RECIPE_MAXIMUM, &data, &size, err);
    if (status == RB_ENOTFOUND)
        return rb_err_set(err, RB_EINVALID, "there is no %s in the code at %s",
                          build->spec.recipe_file, build->spec.code.path);
    if (status == 0)
        status = apt_sources_write(build->spec.repositories, build->repositories, &build->run_flags,
                                   err);
    if (status == 0)
        status = pin_recipe(build, data, size, err);
    if (status == 0)
        status = rb_file_write_atomic(build->recipe_path, build->recipe.text,
                                      strlen(build->recipe.text), 0600, err);
    if (status == 0)
        rb_job_log(build->job, "%s", build->recipe.text);
    return status;
}

/* ── the image ──────────────────────────────────────────────────────────────────────────────── */

static int do_base(struct build *build, struct rb_err *err)
{
    rb_job_step(build->job, "base");
    int status = buildah_pull(build->job, build->base, err);
    for (size_t i = 0; status == 0 && i < build->recipe.pinned.count; i++)
        status = buildah_pull(build->job, build->recipe.pinned.items[i], err);
    if (status == 0)
        status = buildah_look(build->job, build->base, &build->base_image, err);
    return status;
}

/* Whatever the recipe did: what was built stands on the locked base, layer for layer. */
static int prove_base(struct build *build, struct rb_err *err)
{
    RB_CLEANUP(buildah_image_deinit) struct buildah_image made = {0};
    size_t i;
    const json_t *layer;
    int status = buildah_look(build->job, build->id, &made, err);
    json_array_foreach(build->base_image.diff_ids, i, layer)
    {
        if (status == 0 && !json_equal(layer, json_array_get(made.diff_ids, i))) {
            *build->ret_class = "recipe";
            status = rb_err_set(err, RB_EVERIFY,
                                "the built image does not stand on its base %s: layer %zu is "
                                "another",
                                build->base, i + 1);
        }
    }
    return status;
}

static int do_build(struct build *build, struct rb_err *err)
{
    RB_CLEANUP_FREE char *extra = NULL;
    RB_CLEANUP_FREE char *name = leftovers_name(build->job);
    rb_job_step(build->job, "build");
    int status = leftovers_note(build->job, err);
    if (status != 0)
        return status;
    if (build->run_flags != NULL)
        extra = rb_asprintf("%s=%s", APT_SOURCES_CONTEXT, build->repositories);
    const struct buildah_build options = {
        .name = name,
        .recipe = build->recipe_path,
        .context = build->context,
        .extra_context = extra,
        .arguments = build->spec.arguments,
        .layers = build->base_image.has_history,
        .layer_cache = build->spec.layer_cache,
    };
    int64_t mark = build_log_mark(build->job);
    status = buildah_build(build->job, &options, build->id, err);
    if (status == RB_EIO)
        return build_log_explain(build->job, mark, build->run_flags, build->ret_class, err);
    if (status == 0)
        status = prove_base(build, err);
    if (status == 0)
        status = leftovers_keep(build->job, build->spec.image, build->id, build->base, err);
    return status;
}

/* ── the registry ───────────────────────────────────────────────────────────────────────────── */

/* The tag keeps the registry from collecting what no other tag names, and finds an equal image that
   is there already: whose manifest, which compression may make another one, is then the result. */
static int do_push(struct build *build, struct rb_err *err)
{
    RB_CLEANUP_FREE char *target = rb_asprintf("%s:rebake-%.32s", build->spec.push, build->id);
    RB_CLEANUP_FREE char *id = rb_asprintf("sha256:%s", build->id);
    char digest[RB_DIGEST_SIZE];
    bool found;
    rb_job_step(build->job, "push");
    int status = published_look(&build->session, target, &build->published, &found, err);
    if (status != 0)
        return status;
    if (found && strcmp(build->published.id, id) == 0) {
        rb_job_log(build->job, "%s is there already as %s", target, build->published.digest);
        return 0;
    }
    status = buildah_push(build->job, build->id, target, digest, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *pushed = rb_asprintf("%s@%s", build->spec.push, digest);
    status = published_look(&build->session, pushed, &build->published, &found, err);
    if (status == 0 && !found)
        status = rb_err_set(err, RB_EHTTP, "%s was pushed and is not there", pushed);
    return status;
}

static int do_scan(struct build *build, json_t *result, struct rb_err *err)
{
    RB_CLEANUP_FREE char *reference =
        rb_asprintf("%s@%s", build->spec.push, build->published.digest);
    const struct rb_scan_options options = {.cache_folder = build->spec.known_layers};
    struct rb_scan scan;
    rb_job_step(build->job, "scan");
    int status = rb_scan_reference(&build->session, reference, &options, &scan, err);
    if (status != 0)
        return status;
    rb_job_log(build->job, "%zu packages", scan.inventory.package_count);
    rb_json_set_string(result, "reference", build->spec.push);
    rb_json_set_string(result, "digest", build->published.digest);
    rb_json_set_integer(result, "sizeBytes", build->published.size_bytes);
    rb_json_set(result, "inventory", rb_inventory_to_json(&scan.inventory));
    rb_scan_deinit(&scan);
    return 0;
}

static int run(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    RB_CLEANUP(deinit_build) struct build build = {.job = job, .ret_class = ret_class};
    rb_net_session_init(&build.session);
    int status = build_spec_read(job->spec, &build.spec, err);
    if (status != 0)
        return status;
    build.context = rb_asprintf("%s/context", job->scratch);
    build.recipe_path = rb_asprintf("%s/Containerfile", job->scratch);
    build.repositories = rb_asprintf("%s/repositories", job->scratch);
    build.base = rb_asprintf("%s@%s", build.spec.base_reference, build.spec.base_digest);
    status = do_checkout(&build, err);
    if (status == 0)
        status = do_recipe(&build, err);
    if (status == 0)
        status = do_base(&build, err);
    if (status == 0)
        status = do_build(&build, err);
    if (status != 0 || build.spec.is_trial)
        return status;
    status = do_push(&build, err);
    if (status == 0)
        status = do_scan(&build, result, err);
    return status;
}

const struct rb_job_kind rb_build_job = {
    .name = "build",
    .run = run,
    .clean = leftovers_remove,
    .contained = true,
};
