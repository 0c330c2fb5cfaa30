/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts that policy is shown, of the five kinds: cost, vulnerability, threat, configuration and
 * tests; with history, approvals and times. What is not known is left out, so that a rule can tell
 * it from what is known to be nothing.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/queue.h"
#include "vulnerabilities.h"

enum { HISTORY_BUILDS = 50, REASONS_DATED = 50 };

static const double MS_A_MINUTE = 60000.0;
static const int64_t DAY_MS = 24 * 3600 * 1000, MONTH_MS = INT64_C(30) * 24 * 3600 * 1000;

/* Who asks, and when. */
struct asking {
    struct rb_engine *engine;
    struct rb_arena *arena;
    int64_t now_at;
    json_t *input;
};

static struct asking begin(struct rb_engine *engine, const char *what,
                           const struct engine_pipeline *pipeline, const char *name,
                           const char *key)
{
    struct asking asking = {.engine = engine,
                            .arena = rb_arena_new(),
                            .now_at = rb_clock_now(engine->clock),
                            .input = rb_json_object()};
    rb_json_set_string(asking.input, "subject", what);
    rb_json_set_time(asking.input, "now", asking.now_at);
    rb_json_set_string(asking.input, "pipeline", pipeline->model->name);
    rb_json_set_string(asking.input, "name", name);
    rb_json_set_string(asking.input, "key", key);
    return asking;
}

static int end(struct asking *asking, int status, json_t **ret_input)
{
    rb_arena_free(asking->arena);
    if (status == 0)
        *ret_input = asking->input;
    else
        json_decref(asking->input);
    return status;
}

static json_t *image_json(const struct engine_image *image)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "name", image->name);
    rb_json_set_string(json, "kind", "container");
    rb_json_set(json, "labels", rb_json_object());
    return json;
}

static void add_reason(json_t *reasons, const char *kind, const char *subject, const char *from,
                       const char *to)
{
    json_t *reason = rb_json_object();
    rb_json_set_string(reason, "kind", kind);
    rb_json_set_string(reason, "subject", subject);
    rb_json_set_string(reason, "from", from);
    rb_json_set_string(reason, "to", to);
    rb_json_append(reasons, reason);
}

static int64_t seconds_since(const struct asking *asking, int64_t at)
{
    return at == 0 || at > asking->now_at ? 0 : (asking->now_at - at) / 1000;
}

/* When the first version came that it is stale for. */
static int first_seen(const struct asking *asking, const struct rb_plan_decision *decision,
                      int64_t *ret_at, struct rb_err *err)
{
    int status = 0;
    *ret_at = 0;
    for (size_t i = 0; status == 0 && i < decision->reason_count && i < REASONS_DATED; i++) {
        struct rb_version_row version;
        if (decision->reasons[i].version_id == 0)
            continue;
        status = rb_store_version(asking->engine->store, decision->reasons[i].version_id,
                                  asking->arena, &version, err);
        if (status == 0)
            *ret_at = engine_earlier(*ret_at, version.seen_at);
    }
    return status;
}

static int add_reasons(const struct asking *asking, const struct engine_image *image,
                       const struct rb_plan_decision *decision, struct rb_err *err)
{
    json_t *reasons = rb_json_array();
    int64_t waiting_since;
    for (size_t i = 0; i < decision->reason_count; i++)
        add_reason(reasons, rb_plan_reason_kind_name(decision->reasons[i].kind),
                   decision->reasons[i].subject, decision->reasons[i].from,
                   decision->reasons[i].to);
    rb_json_set(asking->input, "reasons", reasons);
    int status = first_seen(asking, decision, &waiting_since, err);
    rb_json_set_integer(asking->input, "settledFor",
                        seconds_since(asking, engine_changed_at(image)));
    rb_json_set_integer(asking->input, "waitingFor", seconds_since(asking, waiting_since));
    return status;
}

static int add_spent(const struct asking *asking, json_t *cost, const char *member,
                     const struct rb_build_account *account, bool with_builds, struct rb_err *err)
{
    int64_t ms, builds;
    int status = rb_store_build_spent(asking->engine->store, account, &ms, &builds, err);
    json_t *spent = rb_json_object();
    rb_json_set(spent, "minutes", json_real((double)ms / MS_A_MINUTE));
    if (with_builds)
        rb_json_set_integer(spent, "builds", builds);
    if (asking->engine->cost_per_minute > 0)
        rb_json_set(spent, "money",
                    json_real((double)ms / MS_A_MINUTE * asking->engine->cost_per_minute));
    rb_json_set(cost, member, spent);
    return status;
}

/* The day of budgets is UTC's; a month has 30 days. */
static int add_cost(const struct asking *asking, const struct engine_image *image,
                    struct rb_err *err)
{
    json_t *cost = rb_json_object();
    int64_t expected_ms = 0, day_at = asking->now_at - asking->now_at % DAY_MS;
    const struct rb_build_account image_today = {.image_id = image->id, .since_at = day_at};
    const struct rb_build_account today = {.pipeline_id = image->pipeline->id, .since_at = day_at};
    const struct rb_build_account month = {.pipeline_id = image->pipeline->id,
                                           .since_at = asking->now_at - MONTH_MS};
    rb_json_set(asking->input, "cost", cost);
    int status = rb_store_expected_build_ms(asking->engine->store, image->id, &expected_ms, err);
    if (status == 0 && expected_ms > 0)
        rb_json_set(cost, "expectedMinutes", json_real((double)expected_ms / MS_A_MINUTE));
    if (status == 0)
        status = add_spent(asking, cost, "today", &image_today, true, err);
    if (status == 0)
        status = add_spent(asking, cost, "pipelineToday", &today, true, err);
    return status == 0 ? add_spent(asking, cost, "month", &month, false, err) : status;
}

bool engine_stands_on(const struct rb_engine *engine, const struct engine_image *image,
                      const struct engine_image *base)
{
    while (image != base && image->base != RB_PLAN_NO_BASE)
        image = &engine->images[image->base];
    return image == base;
}

bool engine_is_published(const struct engine_deployment *deployment)
{
    const struct rb_podman_target *target = &deployment->model->podman;
    return target->ports[0] != NULL || rb_text_equal(target->network, "host");
}

/* Of the worst that are open: severity and score, and whether they are exploited. */
static void sum_up(const json_t *open, json_t *vulnerability, json_t *threat)
{
    static const char *const BANDS[] = {"none", "low", "medium", "high", "critical"};
    size_t worst = 0, i;
    double score = 0, likely = 0;
    bool exploited = false;
    const json_t *item;
    json_array_foreach(open, i, item)
    {
        for (size_t band = worst + 1; band < RB_COUNT_OF(BANDS); band++) {
            if (rb_text_equal(BANDS[band], rb_json_get_string(item, "severity", NULL)))
                worst = band;
        }
        double own = json_number_value(json_object_get(item, "score"));
        double epss = json_number_value(json_object_get(item, "epss"));
        score = own > score ? own : score;
        likely = epss > likely ? epss : likely;
        exploited = exploited || rb_json_get_bool(item, "kev", false);
    }
    if (worst > 0 || json_array_size(open) == 0)
        rb_json_set_string(vulnerability, "worst", BANDS[worst]);
    if (score > 0 || json_array_size(open) == 0)
        rb_json_set(vulnerability, "worstScore", json_real(score));
    rb_json_set_bool(threat, "kev", exploited);
    rb_json_set(threat, "epss", json_real(likely));
}

/* Takes the references of the three lists. */
static void add_vulnerability(const struct asking *asking, const struct engine_image *image,
                              json_t *closes, json_t *opens, json_t *open)
{
    const struct rb_engine *engine = asking->engine;
    json_t *vulnerability = rb_json_object(), *threat = rb_json_object();
    json_t *runs_on = rb_json_array();
    bool exposed = false;
    rb_json_set(vulnerability, "closes", closes);
    rb_json_set(vulnerability, "opens", opens);
    rb_json_set(vulnerability, "open", open);
    sum_up(open, vulnerability, threat);
    for (size_t i = 0; i < engine->deployment_count; i++) {
        const struct engine_deployment *deployment = &engine->deployments[i];
        if (!engine_stands_on(engine, deployment->image, image))
            continue;
        rb_json_append_string(runs_on, deployment->name);
        exposed = exposed || engine_is_published(deployment);
    }
    rb_json_set_bool(threat, "exposed", exposed);
    rb_json_set(threat, "runsOn", runs_on);
    rb_json_set(asking->input, "vulnerability", vulnerability);
    rb_json_set(asking->input, "threat", threat);
}

static void add_texts(json_t *into, const char *const *texts)
{
    for (; *texts != NULL; texts++)
        rb_json_append_string(into, *texts);
}

/* What is asked of where it runs; nothing is known of where it does not. only NULL: of all that run
   the image. */
static void add_configuration(const struct asking *asking, const struct engine_image *image,
                              const struct engine_deployment *only)
{
    const struct rb_engine *engine = asking->engine;
    json_t *configuration = rb_json_object(), *capabilities = rb_json_array();
    bool read_only = true;
    size_t count = 0;
    for (size_t i = 0; i < engine->deployment_count; i++) {
        const struct engine_deployment *deployment = &engine->deployments[i];
        if (deployment->image != image || (only != NULL && deployment != only))
            continue;
        count++;
        read_only = read_only && deployment->model->podman.read_only;
        add_texts(capabilities, deployment->model->podman.add);
    }
    if (count > 0)
        rb_json_set_bool(configuration, "readOnlyRoot", read_only);
    if (count > 0)
        rb_json_set(configuration, "capabilities", json_incref(capabilities));
    json_decref(capabilities);
    if (image->base_source != NULL)
        rb_json_set_bool(configuration, "pinned", image->base_source->model->image.digest != NULL);
    rb_json_set(asking->input, "configuration", configuration);
}

static void add_tests(const struct asking *asking)
{
    json_t *tests = rb_json_object();
    rb_json_set_string(tests, "last", "none");
    rb_json_set(tests, "results", rb_json_array());
    rb_json_set(asking->input, "tests", tests);
}

/* Of the newest builds; more are not looked at. */
static int add_history(const struct asking *asking, const struct engine_image *image,
                       struct rb_err *err)
{
    struct rb_build_row *builds;
    size_t count;
    json_t *history = rb_json_object();
    rb_json_set(asking->input, "history", history);
    int status = rb_store_builds(asking->engine->store, image->id, false, HISTORY_BUILDS,
                                 asking->arena, &builds, &count, err);
    if (status != 0)
        return status;
    int64_t last_at = 0, good_at = 0, failures = 0;
    for (size_t i = 0; i < count; i++) {
        bool good = builds[i].state == RB_BUILD_SUCCEEDED || builds[i].state == RB_BUILD_UNCHANGED;
        if (last_at == 0)
            last_at = builds[i].finished_at;
        if (good && good_at == 0)
            good_at = builds[i].finished_at;
        failures += good_at == 0 && builds[i].state == RB_BUILD_FAILED;
    }
    if (last_at != 0)
        rb_json_set_time(history, "lastBuildAt", last_at);
    if (good_at != 0)
        rb_json_set_time(history, "lastGoodAt", good_at);
    rb_json_set_integer(history, "failures", failures);
    rb_json_set_integer(history, "builds", (int64_t)count);
    return 0;
}

/* approved_key: by which what would be done is approved. */
static int add_common(const struct asking *asking, const struct engine_image *image,
                      const char *name, const char *approved_key, struct rb_err *err)
{
    json_t *approvals;
    add_tests(asking);
    int status = engine_approvals(asking->engine, name, approved_key, &approvals, err);
    if (status == 0) {
        rb_json_set(asking->input, "approvals", approvals);
        status = add_cost(asking, image, err);
    }
    return status == 0 ? add_history(asking, image, err) : status;
}

int engine_image_input(struct rb_engine *engine, struct engine_image *image,
                       const struct rb_plan_decision *decision, json_t **ret_input,
                       struct rb_err *err)
{
    struct asking asking =
        begin(engine, "rebuild", image->pipeline, image->name, decision->input_key);
    rb_json_set(asking.input, "image", image_json(image));
    add_vulnerability(&asking, image, engine_closed_advisories(engine, image), rb_json_array(),
                      engine_open_in_image(engine, image));
    add_configuration(&asking, image, NULL);
    int status = add_reasons(&asking, image, decision, err);
    if (status == 0)
        status = add_common(&asking, image, image->name, decision->input_key, err);
    return end(&asking, status, ret_input);
}

/* Why the artifact was built. */
static int add_build_reasons(const struct asking *asking, const struct engine_image *image,
                             struct rb_err *err)
{
    struct rb_build_row build;
    json_t *reasons = rb_json_array();
    rb_json_set(asking->input, "reasons", reasons);
    int status = rb_store_good_build(asking->engine->store, image->id, asking->arena, &build, err);
    if (status != 0)
        return status;
    for (size_t i = 0; i < build.reason_count; i++)
        add_reason(reasons, build.reasons[i].kind, build.reasons[i].subject, build.reasons[i].from,
                   build.reasons[i].to);
    rb_json_set_integer(asking->input, "settledFor", seconds_since(asking, build.finished_at));
    rb_json_set_integer(asking->input, "waitingFor", seconds_since(asking, build.finished_at));
    return 0;
}

/* What the deployment holds now; nothing where nothing was rolled out yet. */
static int running_advisories(const struct asking *asking, int64_t artifact_id,
                              json_t **ret_advisories, struct rb_err *err)
{
    RB_CLEANUP(rb_inventory_deinit) struct rb_inventory inventory = {0};
    RB_CLEANUP_JSON json_t *stored = NULL;
    *ret_advisories = NULL;
    int status =
        artifact_id == 0 ? 0 : rb_store_inventory(asking->engine->store, artifact_id, &stored, err);
    if (status == RB_ENOTFOUND || artifact_id == 0) {
        *ret_advisories = rb_json_array();
        return 0;
    }
    if (status == 0)
        status = rb_inventory_from_json(stored, &inventory, err);
    if (status == 0)
        *ret_advisories = engine_open_advisories(asking->engine, &inventory);
    return status;
}

int engine_deployment_input(struct rb_engine *engine, struct engine_deployment *deployment,
                            const struct rb_deployment_row *row, const char *what,
                            json_t **ret_input, struct rb_err *err)
{
    struct engine_image *image = deployment->image;
    struct asking asking =
        begin(engine, what, deployment->pipeline, deployment->name, image->artifact_digest);
    RB_CLEANUP_JSON json_t *before = NULL;
    json_t *target = rb_json_object();
    rb_json_set_string(target, "name", deployment->name);
    rb_json_set_string(target, "target", "podman");
    rb_json_set_string(target, "digest", image->artifact_digest);
    rb_json_set(asking.input, "image", image_json(image));
    rb_json_set(asking.input, "deployment", target);
    int status = running_advisories(&asking, row->artifact_id, &before, err);
    if (status == 0) {
        RB_CLEANUP_JSON json_t *then = engine_open_in_image(engine, image);
        add_vulnerability(&asking, image, engine_advisories_without(before, then),
                          engine_advisories_without(then, before), json_incref(before));
        status = add_build_reasons(&asking, image, err);
    }
    add_configuration(&asking, image, deployment);
    if (status == 0)
        status = add_common(&asking, image, deployment->name, image->artifact_digest, err);
    return end(&asking, status, ret_input);
}
