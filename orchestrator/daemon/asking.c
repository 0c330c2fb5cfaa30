/* SPDX-License-Identifier: Apache-2.0 */
/* When policy is asked: about images that a plan would build, and rollouts that are due. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/approvals.h"
#include "rebake/store/decisions.h"

int engine_approvals(struct rb_engine *engine, const char *name, const char *key,
                     json_t **ret_approvals, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_approval_row *rows;
    size_t count;
    int status = rb_store_approvals(engine->store, name, key, arena, &rows, &count, err);
    if (status != 0)
        return status;
    *ret_approvals = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *approval = rb_json_object();
        rb_json_set_string(approval, "who", rows[i].who);
        rb_json_set_string(approval, "why", rows[i].why);
        rb_json_set_time(approval, "at", rows[i].at);
        if (rows[i].until_at != 0)
            rb_json_set_time(approval, "until", rows[i].until_at);
        rb_json_append(*ret_approvals, approval);
    }
    return 0;
}

/* Is a hold or a refusal to be asked for again? */
static int is_due(struct rb_engine *engine, const struct engine_subject *subject,
                  const char *approved_key, bool *ret_due, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *approvals = NULL;
    const struct engine_verdict *verdict = subject->verdict;
    *ret_due = engine_verdict_is_due(verdict, rb_clock_now(engine->clock));
    if (*ret_due)
        return 0;
    int status = engine_approvals(engine, subject->name, approved_key, &approvals, err);
    if (status == 0)
        *ret_due = json_array_size(approvals) != json_array_size(verdict->approvals) ||
                   json_equal(approvals, verdict->approvals) != 1;
    return status;
}

static int ask_for_image(struct rb_engine *engine, struct engine_image *image,
                         const struct rb_plan_decision *decision, int64_t *wake_at,
                         struct rb_err *err)
{
    const struct engine_subject subject = {.what = "rebuild",
                                           .pipeline = image->pipeline,
                                           .verdict = &image->verdict,
                                           .image_id = image->id,
                                           .name = image->name,
                                           .key = decision->input_key};
    bool held = decision->state == RB_PLAN_ON_HOLD || decision->state == RB_PLAN_REFUSED;
    bool wanted = decision->ask;
    json_t *input;
    int status = held ? is_due(engine, &subject, subject.key, &wanted, err) : 0;
    if (status != 0)
        return status;
    if (!wanted && held)
        *wake_at = engine_earlier(*wake_at, image->verdict.again_at);
    if (!wanted || !engine_may_ask(engine, &subject))
        return 0;
    status = engine_image_input(engine, image, decision, &input, err);
    if (status == 0)
        engine_ask(engine, &subject, input);
    return status;
}

static bool concerns_policy(const struct rb_plan_decision *decision)
{
    return decision->ask || decision->state == RB_PLAN_ON_HOLD ||
           decision->state == RB_PLAN_REFUSED;
}

/* What policy is to be asked about stays on a list until it is not any more. */
int engine_ask_for_images(struct rb_engine *engine, const struct rb_planner_update *update,
                          int64_t *wake_at, struct rb_err *err)
{
    int status = 0;
    size_t kept = 0;
    for (size_t i = 0; i < update->decided_count; i++) {
        size_t number = update->decided[i];
        struct engine_image *image = &engine->images[number];
        if (image->is_asking || !concerns_policy(&update->plan->decisions[number]))
            continue;
        image->is_asking = true;
        engine->asking[engine->asking_count++] = number;
    }
    for (size_t i = 0; i < engine->asking_count; i++) {
        size_t number = engine->asking[i];
        const struct rb_plan_decision *decision = &update->plan->decisions[number];
        engine->images[number].is_asking = concerns_policy(decision);
        if (!concerns_policy(decision))
            continue;
        engine->asking[kept++] = number;
        if (status == 0)
            status = ask_for_image(engine, &engine->images[number], decision, wake_at, err);
    }
    engine->asking_count = kept;
    return status;
}

/* What would be done, by its target's definition too: another one is another thing to do. */
static void key_of_rollout(const struct engine_deployment *deployment, const char *what,
                           char hex[RB_SHA256_HEX_SIZE])
{
    RB_CLEANUP_FREE char *text =
        rb_asprintf("%s %s %s", what, deployment->image->artifact_digest, deployment->spec_hash);
    rb_sha256_of(text, strlen(text), hex);
}

static int ask_for_rollout(struct rb_engine *engine, struct engine_deployment *deployment,
                           const struct engine_subject *subject,
                           const struct rb_deployment_row *row, struct rb_err *err)
{
    json_t *input;
    if (!engine_may_ask(engine, subject))
        return 0;
    int status = engine_deployment_input(engine, deployment, row, subject->what, &input, err);
    if (status == 0)
        engine_ask(engine, subject, input);
    return status;
}

static int hold_rollout(struct rb_engine *engine, struct engine_deployment *deployment,
                        const struct rb_plan_verdict *verdict, struct rb_err *err)
{
    if (verdict == NULL)
        return rb_store_set_deployment_held(engine->store, deployment->id, "deciding",
                                            "policy is asked", err);
    return rb_store_set_deployment_held(engine->store, deployment->id,
                                        verdict->word == RB_PLAN_REFUSE ? "refused" : "on-hold",
                                        verdict->cause, err);
}

int engine_ask_for_rollout(struct rb_engine *engine, struct engine_deployment *deployment,
                           const struct rb_deployment_row *row, const char *what,
                           struct engine_leave *ret_leave, struct rb_err *err)
{
    char key[RB_SHA256_HEX_SIZE];
    struct engine_verdict *verdict = &deployment->verdict;
    const struct engine_subject subject = {.what = what,
                                           .pipeline = deployment->pipeline,
                                           .verdict = verdict,
                                           .deployment_id = deployment->id,
                                           .name = deployment->name,
                                           .key = key};
    int64_t now_at = rb_clock_now(engine->clock);
    *ret_leave = (struct engine_leave){0};
    key_of_rollout(deployment, what, key);
    if (deployment->pipeline->model->policy == NULL) {
        ret_leave->given = true;
        return engine_allow_by_nobody(engine, &subject, &ret_leave->decision_id, err);
    }
    const struct rb_plan_verdict *said = engine_verdict_now(verdict, now_at);
    if (said != NULL && strcmp(said->key, key) != 0)
        said = NULL;
    if (said != NULL && said->word == RB_PLAN_ALLOW) {
        *ret_leave = (struct engine_leave){.given = true, .decision_id = verdict->decision_id};
        return row->held == NULL
                   ? 0
                   : rb_store_set_deployment_held(engine->store, deployment->id, NULL, NULL, err);
    }
    bool due = true;
    int status =
        said == NULL ? 0 : is_due(engine, &subject, deployment->image->artifact_digest, &due, err);
    if (status == 0 && due)
        status = ask_for_rollout(engine, deployment, &subject, row, err);
    if (status == 0 && !due)
        ret_leave->again_at = verdict->again_at;
    return status == 0 ? hold_rollout(engine, deployment, said, err) : status;
}
