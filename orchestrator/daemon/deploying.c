/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deployments: each is brought to its image's newest good artifact, looked at on its interval, and
 * brought back when it drifted. One job at a time for each.
 */
#include <stdio.h>
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/deploy/deploy.h"
#include "rebake/store/decisions.h"

enum { ROLLOUT_TIMEOUT_SECONDS = 600, OBSERVE_TIMEOUT_SECONDS = 120 };

static bool is_busy(const struct rb_engine *engine, int64_t deployment_id)
{
    for (const struct engine_job *job = engine->jobs; job != NULL; job = job->next) {
        if (job->kind != ENGINE_BUILD && job->deployment_id == deployment_id)
            return true;
    }
    return false;
}

static const char *name_of(struct rb_engine *engine, int64_t deployment_id)
{
    const struct engine_deployment *deployment = engine_deployment_by_id(engine, deployment_id);
    return deployment != NULL ? deployment->name : "one that no pipeline names any more";
}

static json_t *make_spec(const struct engine_deployment *deployment, const char *kind,
                         const char *digest, bool force)
{
    json_t *spec = rb_json_object();
    bool observe = strcmp(kind, "observe") == 0;
    rb_json_set_integer(spec, "version", 1);
    rb_json_set_string(spec, "kind", kind);
    rb_json_set_integer(spec, "timeoutSeconds",
                        observe ? OBSERVE_TIMEOUT_SECONDS : ROLLOUT_TIMEOUT_SECONDS);
    rb_json_set_string(spec, "deployment", deployment->name);
    rb_json_set_string(spec, "reference", deployment->model->image->push);
    rb_json_set_string(spec, "digest", digest);
    rb_json_set_bool(spec, "force", force);
    rb_json_set(spec, "target", rb_deploy_target_spec(deployment->model));
    return spec;
}

static bool job_succeeded(const json_t *result)
{
    return rb_text_equal(rb_json_get_string(result, "state", NULL), "succeeded");
}

static const char *job_error(const json_t *result)
{
    return job_succeeded(result)
               ? NULL
               : rb_json_get_string(result, "error", "the job failed and does not say why");
}

/* What cannot be read counts as none: the rollout's end is recorded all the same. */
static int failures_before(const struct engine_job *job, const char *name)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_deployment_row row;
    struct rb_err err;
    if (rb_store_deployment(job->engine->store, job->deployment_id, arena, &row, &err) == 0)
        return row.failures;
    rb_log(RB_LOG_ERROR, "how often a rollout has failed could not be read", "deployment", name,
           "error", err.text, NULL);
    return 0;
}

static void rollout_done(void *context, const json_t *result)
{
    struct engine_job *job = context;
    struct rb_engine *engine = job->engine;
    const char *error = job_error(result);
    const char *name = name_of(engine, job->deployment_id);
    int64_t retry_at =
        rb_plan_retry_at(rb_clock_now(engine->clock), failures_before(job, name) + 1);
    struct rb_err err;
    rb_log(error == NULL ? RB_LOG_INFO : RB_LOG_WARNING, "rollout finished", "deployment", name,
           "state", error == NULL ? "healthy" : "failed", error == NULL ? NULL : "error", error,
           NULL);
    if (rb_store_end_rollout(engine->store, job->id, error, retry_at, &err) != 0)
        rb_log(RB_LOG_ERROR, "the end of a rollout could not be recorded", "deployment", name,
               "error", err.text, NULL);
    engine_remove_job(job);
    rb_engine_plan_soon(engine);
}

static size_t read_drift(const json_t *result, struct rb_arena *arena,
                         struct rb_drift_item **ret_items)
{
    const json_t *array = json_object_get(result, "drift");
    size_t count = json_array_size(array);
    struct rb_drift_item *items = rb_arena_array(arena, count, sizeof(*items));
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(array, i);
        items[i] = (struct rb_drift_item){.kind = rb_json_get_string(item, "kind", ""),
                                          .subject = rb_json_get_string(item, "subject", ""),
                                          .expected = rb_json_get_string(item, "expected", ""),
                                          .found = rb_json_get_string(item, "found", "")};
    }
    *ret_items = items;
    return count;
}

static void observe_done(void *context, const json_t *result)
{
    struct engine_job *job = context;
    struct rb_engine *engine = job->engine;
    struct engine_deployment *deployment = engine_deployment_by_id(engine, job->deployment_id);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *name = name_of(engine, job->deployment_id);
    struct rb_drift_item *items;
    struct rb_err err;
    size_t count = read_drift(result, arena, &items);
    int64_t every_ms = deployment != NULL ? deployment->model->observe_every_ms : 0;
    if (count > 0)
        rb_log(RB_LOG_WARNING, "drift", "deployment", name, "kind", items[0].kind, "subject",
               items[0].subject, "found", items[0].found, NULL);
    if (rb_store_record_observation(engine->store, job->deployment_id, items, count,
                                    job_error(result), rb_clock_now(engine->clock) + every_ms,
                                    &err) != 0)
        rb_log(RB_LOG_ERROR, "an observation could not be recorded", "deployment", name, "error",
               err.text, NULL);
    engine_remove_job(job);
    rb_engine_plan_soon(engine);
}

static int start_rollout(struct rb_engine *engine, struct engine_deployment *deployment,
                         const char *kind, int64_t decision_id, struct rb_err *err)
{
    const char *digest = deployment->image->artifact_digest;
    int64_t rollout_id, pid = 0, ticks = 0;
    int status =
        rb_store_add_rollout(engine->store, deployment->id, kind, deployment->image->artifact_id,
                             deployment->spec_hash, &rollout_id, err);
    if (status == 0)
        status = rb_store_rollout_stands_on(engine->store, rollout_id, decision_id, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *folder = engine_job_folder(engine, "rollout", rollout_id);
    RB_CLEANUP_JSON json_t *spec =
        make_spec(deployment, "deploy", digest, strcmp(kind, "heal") == 0);
    status = rb_store_start_rollout(engine->store, rollout_id, folder, 0, 0, err);
    if (status != 0)
        return status;
    struct engine_job *job = engine_add_job(engine, ENGINE_ROLLOUT, rollout_id, deployment->id);
    struct rb_err start_error;
    if (rb_executor_start(engine->executor, folder, spec, rollout_done, job, &job->running, &pid,
                          &ticks, &start_error) != 0) {
        engine_remove_job(job);
        return rb_store_end_rollout(engine->store, rollout_id, start_error.text,
                                    rb_plan_retry_at(rb_clock_now(engine->clock), 1), err);
    }
    rb_log(RB_LOG_INFO, "rollout started", "deployment", deployment->name, "kind", kind, "digest",
           digest, NULL);
    return rb_store_start_rollout(engine->store, rollout_id, folder, pid, ticks, err);
}

/* A look changes nothing, so it is not kept: one cut short is made again. */
static int start_observation(struct rb_engine *engine, struct engine_deployment *deployment,
                             const char *digest, struct rb_err *err)
{
    RB_CLEANUP_FREE char *folder = engine_job_folder(engine, "observe", deployment->id);
    RB_CLEANUP_JSON json_t *spec = make_spec(deployment, "observe", digest, false);
    int64_t pid, ticks;
    int status = rb_tree_remove(folder, err);
    if (status != 0)
        return status;
    struct engine_job *job = engine_add_job(engine, ENGINE_OBSERVE, deployment->id, deployment->id);
    status = rb_executor_start(engine->executor, folder, spec, observe_done, job, &job->running,
                               &pid, &ticks, err);
    if (status != 0)
        engine_remove_job(job);
    return status;
}

static int roll_out_if_allowed(struct rb_engine *engine, struct engine_deployment *deployment,
                               const struct rb_deployment_row *row, bool behind, int64_t *wake_at,
                               struct rb_err *err)
{
    struct engine_leave leave;
    int status =
        engine_ask_for_rollout(engine, deployment, row, behind ? "deploy" : "drift", &leave, err);
    if (status == 0 && leave.given)
        return start_rollout(engine, deployment, behind ? "deploy" : "heal", leave.decision_id,
                             err);
    *wake_at = engine_earlier(*wake_at, leave.again_at);
    return status;
}

/* What one deployment needs now, and when to ask again. */
static int step_deployment(struct rb_engine *engine, struct engine_deployment *deployment,
                           const struct rb_deployment_row *row, int64_t *wake_at,
                           struct rb_err *err)
{
    const struct engine_image *image = deployment->image;
    int64_t now = rb_clock_now(engine->clock);
    bool behind = row->artifact_id != image->artifact_id ||
                  !rb_text_equal(row->rolled_spec_hash, deployment->spec_hash);
    bool heal = rb_text_equal(row->state, "drifted") && deployment->model->heal;
    if (behind || heal) {
        if (row->failures > 0 && row->retry_at > now) {
            *wake_at = engine_earlier(*wake_at, row->retry_at);
            return 0;
        }
        return roll_out_if_allowed(engine, deployment, row, behind, wake_at, err);
    }
    if (row->held != NULL) {
        int status = rb_store_set_deployment_held(engine->store, row->id, NULL, NULL, err);
        if (status != 0)
            return status;
    }
    if (engine->once) /* a look is the daemon's work: --once has just deployed */
        return 0;
    if (row->next_observe_at <= now)
        return start_observation(engine, deployment, image->artifact_digest, err);
    *wake_at = engine_earlier(*wake_at, row->next_observe_at);
    return 0;
}

int engine_start_rollouts(struct rb_engine *engine, struct rb_arena *arena, int64_t *wake_at,
                          struct rb_err *err)
{
    struct rb_deployment_row *rows;
    struct rb_pause_row *pauses;
    const struct rb_pause_row *pause;
    size_t count, pause_count;
    int status = rb_store_deployments(engine->store, arena, &rows, &count, err);
    if (status == 0)
        status = rb_store_pauses(engine->store, arena, &pauses, &pause_count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct engine_deployment *deployment = engine_deployment_by_id(engine, rows[i].id);
        if (deployment == NULL || deployment->image->artifact_id == 0 ||
            is_busy(engine, rows[i].id) ||
            engine_is_paused(pauses, pause_count, deployment->pipeline->model->name,
                             deployment->name, &pause))
            continue;
        status = step_deployment(engine, deployment, &rows[i], wake_at, err);
    }
    return status;
}

int engine_adopt_rollouts(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_rollout_row *rollouts;
    size_t count;
    int status = rb_store_rollouts(engine->store, 0, true, 0, arena, &rollouts, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct rb_rollout_row *rollout = &rollouts[i];
        struct engine_job *job =
            engine_add_job(engine, ENGINE_ROLLOUT, rollout->id, rollout->deployment_id);
        if (rollout->job_folder == NULL) { /* it was noted and never begun */
            engine_remove_job(job);
            status = rb_store_end_rollout(engine->store, rollout->id,
                                          "the daemon stopped before it began", 0, err);
            continue;
        }
        status = rb_executor_adopt(engine->executor, rollout->job_folder, rollout->pid,
                                   rollout->pid_ticks, rollout_done, job, &job->running, err);
    }
    return status;
}
