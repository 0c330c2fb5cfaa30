/* SPDX-License-Identifier: Apache-2.0 */
/* From the facts to the planner's snapshot, and from its answer to rows: states, and builds to do.
 */
#include <stdio.h>
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/lock.h"
#include "rebake/store/decisions.h"
#include "rebake/store/queue.h"

static void keep_text(char **kept, char *text)
{
    rb_free(*kept);
    *kept = text;
}

/* The inputs as planning sees them, and which of them nobody has seen yet. */
static void fill_inputs(struct engine_image *image, struct rb_plan_image *plan)
{
    struct engine_seen code = engine_see(image, image->code_source);
    plan->now.recipe = image->model->recipe_hash;
    plan->now.tree =
        rb_lock_code_key(image->model, json_object_get(code.detail, "trees"), image->code_key);
    plan->code_version_id = code.version_id;
    plan->changed_at = engine_changed_at(image);
    if (plan->now.tree == NULL)
        plan->missing = image->code_source->name;
    for (size_t i = 0; i < image->repository_count; i++) {
        if (engine_see(image, image->repositories[i]).version == NULL)
            plan->missing = image->repositories[i]->name;
    }
    if (image->base_source == NULL)
        return;
    struct engine_seen base = engine_see(image, image->base_source);
    keep_text(&image->base_version, rb_strdup(base.version));
    plan->now.base_digest = image->base_version;
    plan->base_version_id = base.version_id;
    if (plan->now.base_digest == NULL)
        plan->missing = image->base_source->name;
}

static void fill_words(struct engine_image *image, const struct engine_words *words,
                       struct rb_plan_image *plan)
{
    const struct rb_pause_row *pause;
    keep_text(&image->paused_by, NULL);
    keep_text(&image->request_who, NULL);
    keep_text(&image->request_why, NULL);
    if (engine_is_paused(words->pauses, words->pause_count, image->pipeline->model->name,
                         image->name, &pause))
        keep_text(&image->paused_by, rb_asprintf("%s: %s", pause->who, pause->why));
    for (size_t i = 0; i < words->request_count; i++) {
        if (words->requests[i].image_id != image->id ||
            (plan->request_force && !words->requests[i].force))
            continue;
        keep_text(&image->request_who, rb_strdup(words->requests[i].who));
        keep_text(&image->request_why,
                  rb_asprintf("%s%s", words->requests[i].force ? "forced: " : "",
                              words->requests[i].why));
        plan->request_force = words->requests[i].force;
    }
    plan->paused_by = image->paused_by;
    plan->request_who = image->request_who;
    plan->request_why = image->request_why;
}

static void fill_image(struct engine_image *image, const struct engine_words *words, int64_t now_at,
                       struct rb_plan_image *plan)
{
    *plan = image->plan;
    plan->name = image->name;
    plan->base = image->base;
    plan->base_name = image->model->from_source != NULL ? image->model->from_source->name
                                                        : image->model->from_image->name;
    plan->code_name = image->model->context_source->name;
    plan->artifact_digest = image->artifact_digest;
    plan->built = image->built;
    plan->updates = image->updates;
    plan->update_count = image->update_count;
    plan->updates_are_fixes = strcmp(image->model->rebuild_on, RB_REBUILD_ON_ADVISORY) == 0;
    plan->settle_ms = image->model->settle_ms;
    plan->at_most_ms = image->model->at_most_ms;
    plan->retry_unresolved_ms = image->model->retry_unresolved_ms;
    plan->settling_since = image->settling_since;
    plan->ask_policy = image->pipeline->model->policy != NULL;
    plan->verdict = engine_verdict_now(&image->verdict, now_at);
    fill_inputs(image, plan);
    fill_words(image, words, plan);
}

/* The planner is told of what may have changed. */
static int show_changes(struct rb_engine *engine, int64_t now_at, struct rb_err *err)
{
    const struct engine_words *words;
    const size_t *marked;
    size_t count;
    int status = engine_find_marks(engine, &words, &marked, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct engine_image *image = &engine->images[marked[i]];
        struct rb_plan_image plan;
        status = engine_refresh_image(engine, image, err);
        if (status != 0)
            break;
        engine_refresh_updates(engine, image);
        fill_image(image, words, now_at, &plan);
        if (plan.request_who != NULL && plan.open_build != 0)
            engine->queue_changed = true; /* what is queued may be what is asked for */
        rb_planner_set(engine->planner, marked[i], &plan);
    }
    return status;
}

static char *reasons_text(const struct rb_plan_decision *decision)
{
    RB_CLEANUP_JSON json_t *array = rb_json_array();
    for (size_t i = 0; i < decision->reason_count; i++) {
        const struct rb_plan_reason *reason = &decision->reasons[i];
        json_t *item = rb_json_object();
        rb_json_set_string(item, "kind", rb_plan_reason_kind_name(reason->kind));
        rb_json_set_string(item, "subject", reason->subject);
        rb_json_set_string(item, "from", reason->from);
        rb_json_set_string(item, "to", reason->to);
        if (reason->version_id != 0)
            rb_json_set_integer(item, "versionId", reason->version_id);
        rb_json_append(array, item);
    }
    return rb_json_canonical(array);
}

static json_t *make_lock(const struct engine_image *image, const struct rb_plan_decision *decision,
                         struct rb_arena *arena)
{
    const char **releases =
        rb_arena_array(arena, image->repository_count + 1, sizeof(const char *));
    for (size_t i = 0; i < image->repository_count; i++)
        releases[i] = engine_see(image, image->repositories[i]).version;
    const struct rb_image *base = image->model->from_image;
    struct engine_seen code = engine_see(image, image->code_source);
    const json_t *trees = json_object_get(code.detail, "trees");
    struct rb_lock_inputs inputs = {
        .base_reference = base != NULL ? base->push : image->model->from_source->image.repository,
        .base_digest = decision->base_digest,
        .commit = code.version,
        .tag = rb_json_get_string(code.detail, "tag", NULL),
        .tree = rb_json_get_string(trees, image->model->context_path, NULL),
        .trees = trees,
        .release_hashes = releases,
    };
    json_t *lock = rb_lock_make(image->model, &inputs);
    json_t *policy = engine_lock_of_policy(image->verdict.result);
    if (policy != NULL)
        rb_json_set(lock, "policy", policy);
    return lock;
}

static int set_terms(struct rb_engine *engine, struct engine_image *image, int64_t build_id,
                     const struct rb_plan_decision *decision, struct rb_arena *arena,
                     struct rb_err *err)
{
    struct rb_build_terms terms = {0};
    int status = engine_priority(engine, image, decision, arena, &terms.priority, err);
    if (status == 0)
        status = rb_store_expected_build_ms(engine->store, image->id, &terms.expected_ms, err);
    engine_terms_of_policy(image->verdict.result, arena, &terms);
    return status == 0 ? rb_store_set_build_terms(engine->store, build_id, &terms, err) : status;
}

static int stand_on_policy(struct rb_engine *engine, struct engine_image *image, int64_t build_id,
                           const struct rb_plan_decision *decision, struct rb_err *err)
{
    int64_t decision_id = image->verdict.decision_id;
    const struct engine_subject subject = {.what = "rebuild",
                                           .pipeline = image->pipeline,
                                           .image_id = image->id,
                                           .key = decision->input_key};
    int status = 0;
    if (image->pipeline->model->policy == NULL)
        status = engine_allow_by_nobody(engine, &subject, &decision_id, err);
    return status == 0 ? rb_store_build_stands_on(engine->store, build_id, decision_id, err)
                       : status;
}

/* A new one, or the one that is queued already, for these inputs. */
static int queue_build(struct rb_engine *engine, struct engine_image *image,
                       const struct rb_plan_decision *decision, struct rb_arena *arena,
                       struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *lock = make_lock(image, decision, arena);
    int status = engine_put_back(engine, image, decision, lock, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *text = rb_json_canonical(lock);
    char hash[RB_SHA256_HEX_SIZE];
    struct rb_reason *reasons = rb_arena_array(arena, decision->reason_count, sizeof(*reasons));
    for (size_t i = 0; i < decision->reason_count; i++) {
        const struct rb_plan_reason *reason = &decision->reasons[i];
        reasons[i] = (struct rb_reason){.kind = rb_plan_reason_kind_name(reason->kind),
                                        .subject = reason->subject,
                                        .from = reason->from,
                                        .to = reason->to,
                                        .version_id = reason->version_id};
    }
    int64_t build_id = image->plan.open_build;
    status = decision->replace
                 ? rb_store_replace_build(engine->store, build_id, decision->attempt, text,
                                          rb_lock_hash(lock, hash), decision->input_key, reasons,
                                          decision->reason_count, err)
                 : rb_store_add_build(engine->store, image->id, decision->attempt, text,
                                      rb_lock_hash(lock, hash), decision->input_key, reasons,
                                      decision->reason_count, &build_id, err);
    if (status == 0)
        status = engine_note_trial(engine, decision, build_id, err);
    if (status == 0)
        status = set_terms(engine, image, build_id, decision, arena, err);
    if (status == 0)
        status = stand_on_policy(engine, image, build_id, decision, err);
    if (status != 0)
        return status;
    engine_mark_facts(engine, image);
    char number[32];
    (void)snprintf(number, sizeof(number), "%lld", (long long)build_id);
    rb_log(RB_LOG_INFO, decision->replace ? "build replaced" : "build queued", "image", image->name,
           "build", number, "reason",
           decision->reason_count > 0 ? rb_plan_reason_kind_name(decision->reasons[0].kind) : "-",
           NULL);
    return 0;
}

static void note_settling(struct rb_engine *engine, struct engine_image *image, bool settles)
{
    if (settles == (image->settling_since != 0))
        return;
    image->settling_since = settles ? rb_clock_now(engine->clock) : 0;
    engine_mark_image(engine, image);
}

/* The store is asked only where the answer is another than last time: most images do not move. */
static int record_state(struct rb_engine *engine, struct engine_image *image,
                        const struct rb_plan_decision *decision, struct rb_err *err)
{
    note_settling(engine, image, decision->state == RB_PLAN_SETTLING);
    const char *state = rb_plan_state_name(decision->build ? RB_PLAN_QUEUED : decision->state);
    RB_CLEANUP_FREE char *reasons =
        decision->reason_count == 0 ? rb_strdup("[]") : reasons_text(decision);
    char *recorded = rb_asprintf("%s\n%s\n%s\n%s\n%s", state, decision->cause,
                                 decision->waits_for == NULL ? "" : decision->waits_for,
                                 decision->input_key, reasons);
    if (rb_text_equal(recorded, image->recorded)) {
        rb_free(recorded);
        return 0;
    }
    rb_free(image->recorded);
    image->recorded = recorded;
    int status = rb_store_set_image_state(engine->store, image->id, state, decision->cause,
                                          decision->waits_for, reasons, err);
    return status == 0 ? rb_store_set_image_key(engine->store, image->id, decision->input_key, err)
                       : status;
}

static int record_decision(struct rb_engine *engine, size_t i,
                           const struct rb_plan_decision *decision, struct rb_arena *arena,
                           struct rb_err *err)
{
    struct engine_image *image = &engine->images[i];
    int status = record_state(engine, image, decision, err);
    if (status == 0 && (decision->build || decision->replace))
        status = queue_build(engine, image, decision, arena, err);
    return status;
}

/* Once the plan is in the store: a job that is stopped cannot be rolled back. */
static int give_builds_up(struct rb_engine *engine, const struct rb_planner_update *update,
                          struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < update->decided_count; i++) {
        size_t index = update->decided[i];
        const char *why = update->plan->decisions[index].give_up;
        if (why != NULL)
            status = engine_give_up_build(engine, &engine->images[index], why, err);
    }
    return status;
}

/* What was rolled back is not in the store after all. */
static void forget_recorded(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->image_count; i++) {
        rb_free(rb_steal(&engine->images[i].recorded));
        engine_mark_facts(engine, &engine->images[i]);
    }
}

static int record_plan(struct rb_engine *engine, const struct rb_planner_update *update,
                       struct rb_arena *arena, struct rb_err *err)
{
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < update->decided_count; i++) {
        size_t number = update->decided[i];
        status = record_decision(engine, number, &update->plan->decisions[number], arena, err);
    }
    if (status == 0)
        status = rb_store_commit(engine->store, err);
    if (status != 0)
        rb_store_rollback(engine->store);
    return status;
}

int engine_plan(struct rb_engine *engine, struct rb_arena *arena, int64_t *ret_wake_at,
                struct rb_err *err)
{
    struct rb_planner_update update;
    int64_t now_at = rb_clock_now(engine->clock);
    int status = show_changes(engine, now_at, err);
    if (status != 0)
        return status;
    engine_clear_marks(engine);
    rb_planner_update(engine->planner, now_at, &update);
    status = record_plan(engine, &update, arena, err);
    if (status != 0) {
        forget_recorded(engine);
        return status;
    }
    *ret_wake_at = update.plan->wake_at;
    status = give_builds_up(engine, &update, err);
    if (status != 0)
        engine_mark_all(engine);
    return status == 0 ? engine_ask_for_images(engine, &update, ret_wake_at, err) : status;
}
