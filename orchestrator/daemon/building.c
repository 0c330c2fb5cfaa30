/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Builds, from queued to their end:
 *
 *   queued ──its turn──▶ spec written, noted in the store ──▶ runner started ──▶ running
 *   running ──result.json──▶ proof by inventory ──▶ succeeded | unchanged | unresolved | failed
 *
 * The store names the job's folder before the runner is started, so that a crash in between leaves
 * nothing unknown: the next engine adopts what the folder holds.
 */
#include <stdio.h>
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static bool is_of_package(const struct rb_reason *reason)
{
    return strcmp(reason->kind, "package") == 0 || strcmp(reason->kind, "advisory") == 0;
}

/* Is the newer version in the artifact, or the package gone from it? A version in a repository is
   no proof; this is. */
static bool package_reason_is_gone(const struct rb_inventory *inventory,
                                   const struct rb_reason *reason)
{
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        if (strcmp(package->name, reason->subject) == 0 &&
            rb_package_type_order(package->type)->compare(package->version, reason->to) < 0)
            return false;
    }
    return true;
}

/* The other kinds are gone by what was built: the lock names what they asked for. */
static size_t judge_reasons(const struct rb_build_row *build, const struct rb_inventory *inventory,
                            bool *remains)
{
    size_t remaining = 0;
    for (size_t i = 0; i < build->reason_count; i++) {
        const struct rb_reason *reason = &build->reasons[i];
        remains[i] = is_of_package(reason) && !package_reason_is_gone(inventory, reason);
        remaining += remains[i];
    }
    return remaining;
}

static void fail(struct rb_build_end *end, const char *class_name, const char *error)
{
    end->state = strcmp(class_name, "canceled") == 0 ? RB_BUILD_CANCELED : RB_BUILD_FAILED;
    end->error_class = class_name;
    end->error = error;
}

/* A build that cured some of its reasons is worth having; one that cured none is not. */
static void judge_success(const struct rb_build_row *build, const char *present_digest,
                          const struct rb_inventory *inventory, bool *remains,
                          struct rb_build_end *end)
{
    size_t remaining = judge_reasons(build, inventory, remains);
    bool same = rb_text_equal(end->digest, present_digest);
    end->remains = remains;
    end->good = remaining == 0 || remaining < build->reason_count;
    end->state = remaining > 0 ? RB_BUILD_UNRESOLVED
                 : same        ? RB_BUILD_UNCHANGED
                               : RB_BUILD_SUCCEEDED;
    if (remaining > 0 && same)
        end->digest = NULL;
}

/* Fills the end from result.json; what it names lives in result and arena. */
static void read_result(const struct rb_build_row *build, const char *present_digest,
                        const json_t *result, struct rb_arena *arena, struct rb_build_end *end)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory = {0};
    struct rb_err err;
    if (!rb_text_equal(rb_json_get_string(result, "state", NULL), "succeeded")) {
        fail(end, rb_json_get_string(result, "errorClass", "infrastructure"),
             rb_json_get_string(result, "error", "the job failed and does not say why"));
        return;
    }
    if (build->trial != NULL) { /* it builds, which is all that was asked */
        end->state = RB_BUILD_SUCCEEDED;
        return;
    }
    end->reference = rb_json_get_string(result, "reference", NULL);
    end->digest = rb_json_get_string(result, "digest", NULL);
    end->size_bytes = rb_json_get_integer(result, "sizeBytes", 0);
    if (!rb_digest_is_valid(end->digest) || end->reference == NULL) {
        end->digest = NULL;
        fail(end, "infrastructure", "the job's result names no digest");
        return;
    }
    end->inventory = json_object_get(result, "inventory");
    if (rb_inventory_from_json(end->inventory, &inventory, &err) != 0) {
        end->digest = NULL;
        fail(end, "infrastructure", rb_arena_strdup(arena, err.text));
        return;
    }
    bool *remains = rb_arena_array(arena, build->reason_count, sizeof(bool));
    judge_success(build, present_digest, &inventory, remains, end);
}

static const char *present_digest_of(struct rb_engine *engine, int64_t image_id,
                                     struct rb_arena *arena)
{
    struct rb_image_row image;
    struct rb_artifact_row artifact;
    if (rb_store_image(engine->store, image_id, arena, &image, NULL) != 0 || image.artifact_id == 0)
        return NULL;
    if (rb_store_artifact(engine->store, image.artifact_id, arena, &artifact, NULL) != 0)
        return NULL;
    return artifact.digest;
}

static void log_end(const struct rb_build_row *build, const struct rb_build_end *end)
{
    char number[32];
    (void)snprintf(number, sizeof(number), "%lld", (long long)build->id);
    RB_CLEANUP_FREE char *image = rb_asprintf("%s/%s", build->pipeline, build->image);
    rb_log(end->error == NULL ? RB_LOG_INFO : RB_LOG_WARNING, "build finished", "image", image,
           "build", number, "state", rb_build_state_name(end->state),
           end->error == NULL ? "digest" : "error", end->error == NULL ? end->digest : end->error,
           NULL);
}

static int end_build(struct rb_engine *engine, int64_t build_id, const json_t *result,
                     struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row build;
    int status = rb_store_build(engine->store, build_id, arena, &build, err);
    if (status != 0)
        return status;
    struct rb_build_end end = {.build_id = build_id};
    read_result(&build, present_digest_of(engine, build.image_id, arena), result, arena, &end);
    status = rb_store_end_build(engine->store, &end, NULL, err);
    if (status != 0)
        return status;
    log_end(&build, &end);
    struct engine_image *image = engine_image_by_id(engine, build.image_id);
    if (image != NULL)
        engine_mark_facts(engine, image);
    return 0;
}

static void build_done(void *context, const json_t *result)
{
    struct engine_job *job = context;
    struct rb_engine *engine = job->engine;
    struct rb_err err;
    if (end_build(engine, job->id, result, &err) != 0)
        rb_log(RB_LOG_ERROR,
               "the end of a build could not be recorded; it is taken up at the next start",
               "error", err.text, NULL);
    engine_remove_job(job);
    engine->queue_changed = true; /* its place is free, whatever became of it */
    rb_engine_plan_soon(engine);
}

/* Those that the build is shown. Where dnf and apk get packages from is the base's own matter. */
static json_t *repositories_spec(const json_t *lock)
{
    json_t *specs = rb_json_array();
    size_t i;
    const json_t *repository;
    json_array_foreach(json_object_get(lock, "repositories"), i, repository)
    {
        if (!rb_text_equal(rb_json_get_string(repository, "kind", "apt"), "apt"))
            continue;
        json_t *spec = rb_json_object();
        rb_json_set_string(spec, "name", rb_json_get_string(repository, "name", ""));
        rb_json_set_string(spec, "url", rb_json_get_string(repository, "url", ""));
        rb_json_set_string(spec, "suite", rb_json_get_string(repository, "suite", ""));
        rb_json_set_string(spec, "signedBy", rb_json_get_string(repository, "signed-by", ""));
        rb_json_set(spec, "components", json_incref(json_object_get(repository, "components")));
        rb_json_append(specs, spec);
    }
    return specs;
}

/* A cached step that installed packages would bring the old ones back; and who asks for a build by
   hand wants it made, not remembered. */
static bool may_use_layer_cache(const struct rb_build_row *build)
{
    for (size_t i = 0; i < build->reason_count; i++) {
        if (is_of_package(&build->reasons[i]) || strcmp(build->reasons[i].kind, "manual") == 0)
            return false;
    }
    return true;
}

static json_t *make_spec(const struct rb_engine *engine, const struct engine_image *image,
                         const struct rb_build_row *build, json_t *lock)
{
    const struct rb_image *model = image->model;
    RB_CLEANUP_FREE char *mirror =
        rb_git_mirror_folder(engine->cache_folder, model->context_source);
    RB_CLEANUP_FREE char *layers = rb_asprintf("%s/layers", engine->cache_folder);
    json_t *spec = rb_json_object();
    json_t *arguments = rb_json_object();
    for (size_t i = 0; i < model->argument_count; i++)
        rb_json_set_string(arguments, model->arguments[i].name, model->arguments[i].value);
    (void)json_object_update(arguments,
                             json_object_get(json_object_get(lock, "policy"), "arguments"));
    rb_json_set_integer(spec, "version", 1);
    rb_json_set_string(spec, "kind", "build");
    rb_json_set_integer(spec, "timeoutSeconds", model->timeout_ms / 1000);
    rb_json_set_string(spec, "image", image->name);
    rb_json_set_string(spec, "builder", model->builder);
    rb_json_set(spec, "lock", json_incref(lock));
    rb_json_set_string(spec, "from",
                       model->from_source != NULL ? model->from_source->name
                                                  : model->from_image->name);
    if (model->from_source != NULL && model->from_source->image.tag != NULL)
        rb_json_set_string(spec, "fromTag", model->from_source->image.tag);
    rb_json_set_string(spec, "recipeFile", model->recipe_file);
    rb_json_set(spec, "arguments", arguments);
    rb_json_set_string(spec, "push", model->push);
    rb_json_set_bool(spec, "trial", build->trial != NULL);
    rb_json_set_bool(spec, "layerCache", may_use_layer_cache(build));
    rb_json_set(spec, "repositories", repositories_spec(lock));
    rb_json_set_string(spec, "mirror", mirror);
    rb_json_set_string(spec, "knownLayers", layers);
    return spec;
}

static int start_build(struct rb_engine *engine, struct engine_image *image,
                       const struct rb_build_row *build, struct rb_err *err)
{
    RB_CLEANUP_FREE char *folder = engine_job_folder(engine, "build", build->id);
    RB_CLEANUP_JSON json_t *lock = NULL;
    int status = rb_json_parse(build->lock, strlen(build->lock), "lock of a build", &lock, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *spec = make_spec(engine, image, build, lock);
    status = rb_store_start_build(engine->store, build->id, folder, 0, 0, err);
    if (status != 0)
        return status;
    struct engine_job *job = engine_add_job(engine, ENGINE_BUILD, build->id, 0);
    int64_t pid = 0, ticks = 0;
    struct rb_err start_error;
    engine_mark_facts(engine, image);
    if (rb_executor_start(engine->executor, folder, spec, build_done, job, &job->running, &pid,
                          &ticks, &start_error) != 0) {
        struct rb_build_end end = {.build_id = build->id};
        engine_remove_job(job);
        fail(&end, "infrastructure", start_error.text);
        rb_engine_plan_soon(engine);
        return rb_store_end_build(engine->store, &end, NULL, err);
    }
    return rb_store_start_build(engine->store, build->id, folder, pid, ticks, err);
}

int engine_drop_build(struct rb_engine *engine, int64_t build_id, struct rb_err *err)
{
    struct rb_build_end end = {.build_id = build_id};
    fail(&end, "canceled", "its image is no longer in a pipeline");
    return rb_store_end_build(engine->store, &end, NULL, err);
}

int engine_start_build(struct rb_engine *engine, int64_t build_id, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row build;
    int status = rb_store_build(engine->store, build_id, arena, &build, err);
    if (status != 0)
        return status;
    struct engine_image *image = engine_image_by_id(engine, build.image_id);
    RB_ASSERT(image != NULL); /* what no pipeline has was dropped */
    return start_build(engine, image, &build, err);
}

int engine_adopt_builds(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row *builds;
    size_t count;
    int status = rb_store_builds(engine->store, 0, true, 0, arena, &builds, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct rb_build_row *build = &builds[i];
        if (build->state != RB_BUILD_RUNNING)
            continue;
        struct engine_job *job = engine_add_job(engine, ENGINE_BUILD, build->id, 0);
        status = rb_executor_adopt(engine->executor, build->job_folder, build->pid,
                                   build->pid_ticks, build_done, job, &job->running, err);
        rb_log(RB_LOG_INFO, "build taken up again", "image", build->image, "folder",
               build->job_folder, NULL);
    }
    return status;
}

int engine_give_up_build(struct rb_engine *engine, struct engine_image *image, const char *why,
                         struct rb_err *err)
{
    int64_t build_id = image->plan.open_build;
    struct engine_job *job = engine_find_job(engine, ENGINE_BUILD, build_id);
    struct rb_build_end end = {.build_id = build_id, .given_up = true};
    int status = 0;
    if (job == NULL) {
        fail(&end, "canceled", why);
        engine_mark_facts(engine, image);
        rb_engine_plan_soon(engine);
        status = rb_store_end_build(engine->store, &end, NULL, err);
    } else if (!job->given_up) {
        status = rb_store_give_up_build(engine->store, build_id, why, err);
        if (status != 0)
            return status;
        job->given_up = true;
        rb_executor_cancel(job->running);
    } else {
        return 0;
    }
    rb_log(RB_LOG_INFO, "build given up", "image", image->name, "cause", why, NULL);
    return status;
}

int rb_engine_cancel_build(struct rb_engine *engine, int64_t build_id, struct rb_err *err)
{
    struct engine_job *job = engine_find_job(engine, ENGINE_BUILD, build_id);
    if (job != NULL) {
        rb_executor_cancel(job->running);
        return 0;
    }
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_build_row build;
    int status = rb_store_build(engine->store, build_id, arena, &build, err);
    if (status != 0)
        return status;
    if (build.state != RB_BUILD_QUEUED)
        return rb_err_set(err, RB_ENOTFOUND, "build %lld is %s: there is nothing to cancel",
                          (long long)build_id, rb_build_state_name(build.state));
    struct rb_build_end end = {.build_id = build_id};
    fail(&end, "canceled", "canceled before it started");
    struct engine_image *image = engine_image_by_id(engine, build.image_id);
    if (image != NULL)
        engine_mark_facts(engine, image);
    rb_engine_plan_soon(engine);
    return rb_store_end_build(engine->store, &end, NULL, err);
}
