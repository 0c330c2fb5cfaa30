/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What would be done, and what would be done if: the planner's own images, with what is supposed
 * laid over a copy of them, and a forecast from there. Nothing is written.
 */
#include <stdlib.h>
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/plan/forecast.h"
#include "rebake/store/queue.h"

enum { SUPPOSITIONS_MAXIMUM = 100, WORD_MAXIMUM = 1000 };

/* One thing that is supposed: a source has this version, or offers this version of a package. */
struct supposition {
    struct engine_source *source;
    const char *package; /* NULL: the source itself */
    const char *version;
};

struct forecasting {
    struct rb_engine *engine;
    struct rb_arena *arena;
    struct rb_plan_image *images; /* a copy */
};

static bool is_called(const struct engine_pipeline *pipeline, const struct rb_source *model,
                      const char *name)
{
    size_t size = strlen(pipeline->model->name);
    return strcmp(model->name, name) == 0 ||
           (strncmp(pipeline->model->name, name, size) == 0 && name[size] == '/' &&
            strcmp(model->name, name + size + 1) == 0);
}

static int find_source(const struct rb_engine *engine, const char *name,
                       struct engine_source **ret_source, struct rb_err *err)
{
    struct engine_source *found = NULL;
    for (size_t i = 0; i < engine->pipeline_count; i++) {
        const struct engine_pipeline *pipeline = &engine->pipelines[i];
        for (size_t j = 0; j < pipeline->model->source_count; j++) {
            if (!is_called(pipeline, &pipeline->model->sources[j], name))
                continue;
            if (found != NULL && found != pipeline->bound[j])
                return rb_err_set(err, RB_EINVALID,
                                  "several pipelines have a source %s: name it in full, as %s",
                                  name, found->name);
            found = pipeline->bound[j];
        }
    }
    *ret_source = found;
    return found != NULL ? 0
                         : rb_err_set(err, RB_ENOTFOUND,
                                      "there is no source %s: see `rebake "
                                      "sources`",
                                      name);
}

static bool offers_packages(enum rb_source_kind kind)
{
    return kind == RB_SOURCE_APT || kind == RB_SOURCE_RPM || kind == RB_SOURCE_APK ||
           kind == RB_SOURCE_PYPI || kind == RB_SOURCE_NPM;
}

static int check_kind(const struct supposition *supposition, struct rb_err *err)
{
    enum rb_source_kind kind = supposition->source->model->kind;
    const char *name = supposition->source->name;
    if (offers_packages(kind) && supposition->package == NULL)
        return rb_err_set(err, RB_EINVALID, "%s offers packages: say which, as %s:openssl=VERSION",
                          name, name);
    if (offers_packages(kind) == (supposition->package != NULL) &&
        (kind == RB_SOURCE_IMAGE || kind == RB_SOURCE_GIT || offers_packages(kind)))
        return 0;
    return rb_err_set(err, RB_EINVALID, "%s is a source of kind %s: nothing can be supposed of it",
                      name, rb_source_kind_name(kind));
}

static int read_supposition(const struct rb_engine *engine, const json_t *json,
                            struct supposition *ret, struct rb_err *err)
{
    const char *source;
    int status = rb_json_want_string(json, "what is supposed", "source", &source, err);
    if (status == 0)
        status = rb_json_want_string(json, "what is supposed", "version", &ret->version, err);
    if (status != 0)
        return status;
    ret->package = rb_json_get_string(json, "package", NULL);
    if (*ret->version == '\0' || strlen(ret->version) > WORD_MAXIMUM)
        return rb_err_set(err, RB_EINVALID, "the version of %s is empty, or longer than %d bytes",
                          source, WORD_MAXIMUM);
    status = find_source(engine, source, &ret->source, err);
    if (status != 0)
        return status;
    RB_ASSERT(ret->source != NULL);
    return check_kind(ret, err);
}

static bool watches(const struct engine_image *image, const struct engine_source *source)
{
    for (size_t i = 0; i < image->repository_count; i++) {
        if (image->repositories[i] == source)
            return true;
    }
    return false;
}

static int compare_updates(const void *a, const void *b)
{
    const struct rb_plan_update *left = a, *right = b;
    return strcmp(left->package, right->package);
}

/* The image's updates with those that it would have of the package, by its name or its source's. */
static void suppose_package(struct forecasting *forecasting, size_t index,
                            const struct supposition *supposition)
{
    const struct engine_image *image = &forecasting->engine->images[index];
    struct rb_plan_image *plan = &forecasting->images[index];
    const struct rb_inventory *inventory = &image->inventory;
    struct rb_plan_update *updates = rb_arena_array(
        forecasting->arena, plan->update_count + inventory->package_count, sizeof(*updates));
    size_t count = 0;
    for (size_t i = 0; i < inventory->package_count; i++) {
        const struct rb_package *package = &inventory->packages[i];
        bool is_meant = rb_text_equal(package->name, supposition->package) ||
                        rb_text_equal(package->source_name, supposition->package);
        if (is_meant && !package->held &&
            rb_package_type_order(package->type)->compare(package->version, supposition->version) <
                0)
            updates[count++] = (struct rb_plan_update){
                .package = package->name, .from = package->version, .to = supposition->version};
    }
    size_t supposed = count;
    for (size_t i = 0; i < plan->update_count; i++) {
        bool is_replaced = false;
        for (size_t j = 0; j < supposed; j++)
            is_replaced =
                is_replaced || rb_text_equal(updates[j].package, plan->updates[i].package);
        if (!is_replaced)
            updates[count++] = plan->updates[i];
    }
    qsort(updates, count, sizeof(*updates), compare_updates);
    plan->updates = updates;
    plan->update_count = count;
}

static void suppose(struct forecasting *forecasting, const struct supposition *supposition)
{
    const struct rb_engine *engine = forecasting->engine;
    for (size_t i = 0; i < engine->image_count; i++) {
        const struct engine_image *image = &engine->images[i];
        struct rb_plan_image *plan = &forecasting->images[i];
        if (supposition->package != NULL && watches(image, supposition->source))
            suppose_package(forecasting, i, supposition);
        else if (image->base_source == supposition->source)
            plan->now.base_digest = supposition->version;
        else if (image->code_source == supposition->source &&
                 !rb_text_equal(image->code_source->version, supposition->version))
            plan->now.tree = rb_arena_printf(forecasting->arena, "%s at %s",
                                             supposition->source->name, supposition->version);
    }
}

static json_t *reasons_json(const struct rb_plan_reason *reasons, size_t count)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *json = rb_json_object();
        rb_json_set_string(json, "kind", rb_plan_reason_kind_name(reasons[i].kind));
        rb_json_set_string(json, "subject", reasons[i].subject);
        rb_json_set_string(json, "from", reasons[i].from);
        rb_json_set_string(json, "to", reasons[i].to);
        rb_json_append(array, json);
    }
    return array;
}

static int add_builds(struct forecasting *forecasting, const struct rb_forecast *forecast,
                      json_t *into, struct rb_err *err)
{
    struct rb_engine *engine = forecasting->engine;
    json_t *builds = rb_json_array();
    int64_t all_ms = 0;
    rb_json_set(into, "builds", builds);
    for (size_t i = 0; i < forecast->count; i++) {
        const struct rb_forecast_build *build = &forecast->builds[i];
        int64_t expected_ms = 0;
        int status = rb_store_expected_build_ms(engine->store, engine->images[build->image].id,
                                                &expected_ms, err);
        if (status != 0)
            return status;
        json_t *json = rb_json_object();
        rb_json_set_integer(json, "wave", build->wave);
        rb_json_set_string(json, "image", engine->images[build->image].name);
        rb_json_set_string(json, "state", rb_plan_state_name(build->state));
        rb_json_set_string(json, "cause", build->cause);
        rb_json_set(json, "reasons", reasons_json(build->reasons, build->reason_count));
        rb_json_set(json, "expectedMs", expected_ms == 0 ? json_null() : json_integer(expected_ms));
        rb_json_append(builds, json);
        all_ms += expected_ms;
    }
    rb_json_set_integer(into, "expectedMs", all_ms);
    return 0;
}

static void add_rest(const struct forecasting *forecasting, const struct rb_forecast *forecast,
                     json_t *into)
{
    json_t *waits = rb_json_array();
    for (size_t i = 0; i < forecasting->engine->image_count; i++) {
        const struct rb_plan_decision *decision = &forecast->rest[i];
        if (decision->state == RB_PLAN_FRESH)
            continue;
        json_t *json = rb_json_object();
        rb_json_set_string(json, "image", forecasting->engine->images[i].name);
        rb_json_set_string(json, "state", rb_plan_state_name(decision->state));
        rb_json_set_string(json, "cause", decision->cause);
        rb_json_set_string(json, "waitsFor", decision->waits_for);
        rb_json_set(json, "reasons", reasons_json(decision->reasons, decision->reason_count));
        rb_json_append(waits, json);
    }
    rb_json_set(into, "waits", waits);
}

static bool is_built(const struct forecasting *forecasting, const struct rb_forecast *forecast,
                     const struct engine_image *image)
{
    for (size_t i = 0; i < forecast->count; i++) {
        if (&forecasting->engine->images[forecast->builds[i].image] == image)
            return true;
    }
    return false;
}

static void add_deployments(const struct forecasting *forecasting,
                            const struct rb_forecast *forecast, json_t *into)
{
    const struct rb_engine *engine = forecasting->engine;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < engine->deployment_count; i++) {
        const struct engine_deployment *deployment = &engine->deployments[i];
        if (!is_built(forecasting, forecast, deployment->image))
            continue;
        json_t *json = rb_json_object();
        rb_json_set_string(json, "deployment", deployment->name);
        rb_json_set_string(json, "image", deployment->image->name);
        rb_json_append(array, json);
    }
    rb_json_set(into, "deployments", array);
}

int rb_engine_forecast(struct rb_engine *engine, const json_t *what_if, json_t **ret_json,
                       struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *json = rb_json_object();
    struct forecasting forecasting = {.engine = engine, .arena = arena};
    struct rb_forecast forecast;
    forecasting.images = rb_arena_array(arena, engine->image_count, sizeof(struct rb_plan_image));
    if (engine->image_count > 0)
        memcpy(forecasting.images, rb_planner_images(engine->planner),
               engine->image_count * sizeof(*forecasting.images));
    if (json_array_size(what_if) > SUPPOSITIONS_MAXIMUM)
        return rb_err_set(err, RB_EINVALID, "more than %d things are supposed",
                          SUPPOSITIONS_MAXIMUM);
    size_t i;
    const json_t *item;
    json_array_foreach(what_if, i, item)
    {
        struct supposition supposition;
        int status = read_supposition(engine, item, &supposition, err);
        if (status != 0)
            return status;
        suppose(&forecasting, &supposition);
    }
    struct rb_plan_snapshot snapshot = {rb_clock_now(engine->clock), forecasting.images,
                                        engine->image_count};
    rb_forecast_make(&snapshot, arena, &forecast);
    int status = add_builds(&forecasting, &forecast, json, err);
    if (status != 0)
        return status;
    add_rest(&forecasting, &forecast, json);
    add_deployments(&forecasting, &forecast, json);
    *ret_json = json_incref(json);
    return 0;
}
