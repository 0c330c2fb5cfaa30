/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's input, as far as a history knows it, and its answer. */
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "simulation.h"

enum { ADVISORIES_SHOWN = 50 };

static json_t *advisory_json(const struct rb_history_advisory *advisory, int64_t since_at)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "id", advisory->id);
    rb_json_set_string(json, "severity", advisory->severity);
    rb_json_set(json, "score", json_real(advisory->score));
    rb_json_set(json, "epss", json_real(advisory->epss));
    rb_json_set_bool(json, "kev", advisory->kev);
    rb_json_set_time(json, "since", since_at);
    return json;
}

/* What a build closes is all that is open: each has its fix. */
static void add_advisories(const struct simulation *simulation, const struct sim_image *image,
                           json_t *input)
{
    json_t *vulnerability = rb_json_object(), *closes = rb_json_array();
    json_t *threat = rb_json_object();
    double epss = 0, score = 0;
    bool kev = false;
    const char *worst = "none";
    for (int at = image->exposures; at != NO_EXPOSURE; at = simulation->exposures[at].next) {
        const struct exposure *exposure = &simulation->exposures[at];
        const struct rb_history_advisory *advisory = exposure->advisory;
        if (json_array_size(closes) < ADVISORIES_SHOWN)
            rb_json_append(closes, advisory_json(advisory, exposure->opened_at));
        kev = kev || advisory->kev;
        epss = advisory->epss > epss ? advisory->epss : epss;
        if (advisory->score >= score) {
            score = advisory->score;
            worst = advisory->severity;
        }
    }
    rb_json_set(vulnerability, "open", json_incref(closes));
    rb_json_set(vulnerability, "closes", closes);
    rb_json_set_string(vulnerability, "worst", worst);
    rb_json_set(vulnerability, "worstScore", json_real(score));
    rb_json_set(input, "vulnerability", vulnerability);
    rb_json_set_bool(threat, "kev", kev);
    rb_json_set(threat, "epss", json_real(epss));
    rb_json_set_bool(threat, "exposed", image->model->exposed);
    rb_json_set(input, "threat", threat);
}

static void add_reasons(const struct rb_plan_decision *decision, json_t *input)
{
    json_t *reasons = rb_json_array();
    for (size_t i = 0; i < decision->reason_count; i++) {
        json_t *json = rb_json_object();
        rb_json_set_string(json, "kind", rb_plan_reason_kind_name(decision->reasons[i].kind));
        rb_json_set_string(json, "subject", decision->reasons[i].subject);
        rb_json_append(reasons, json);
    }
    rb_json_set(input, "reasons", reasons);
}

static void add_approvals(const struct sim_image *image, json_t *input)
{
    json_t *approvals = rb_json_array();
    for (int i = 0; i < image->approvals_given; i++) {
        json_t *json = rb_json_object();
        RB_CLEANUP_FREE char *who = rb_asprintf("user:person%d", i + 1);
        rb_json_set_string(json, "who", who);
        rb_json_append(approvals, json);
    }
    rb_json_set(input, "approvals", approvals);
}

static json_t *begin_input(const struct simulation *simulation, const char *subject,
                           const struct sim_image *image)
{
    json_t *input = rb_json_object();
    rb_json_set_string(input, "subject", subject);
    rb_json_set_time(input, "now", simulation->now_at);
    rb_json_set_string(input, "pipeline", image->model->pipeline);
    rb_json_set_string(input, "name", image->model->name);
    return input;
}

static json_t *make_input(const struct simulation *simulation, const struct sim_image *image,
                          const struct rb_plan_decision *decision)
{
    json_t *input = begin_input(simulation, "rebuild", image);
    json_t *cost = rb_json_object(), *history = rb_json_object();
    rb_json_set_string(input, "key", decision->input_key);
    rb_json_set_integer(input, "settledFor", (simulation->now_at - image->plan.changed_at) / 1000);
    rb_json_set(cost, "expectedMinutes", json_real((double)image->model->build_ms / 60000.0));
    rb_json_set(input, "cost", cost);
    rb_json_set_integer(history, "builds", image->builds);
    rb_json_set_time(history, "lastGoodAt",
                     image->plan.last_finished_at != 0 ? image->plan.last_finished_at
                                                       : simulation->history->begins_at);
    rb_json_set(input, "history", history);
    add_reasons(decision, input);
    add_advisories(simulation, image, input);
    add_approvals(image, input);
    return input;
}

static int decide(const struct simulation *simulation, const json_t *input, struct rb_arena *arena,
                  struct rb_policy_answer *ret_answer, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *response = rb_json_object();
    json_t *result = NULL;
    int status = rb_policy_decide(simulation->told->policy, input, &result, err);
    if (status != 0)
        return status;
    rb_json_set(response, "result", result);
    status = rb_policy_answer_read(response, arena, ret_answer, err);
    ret_answer->json = NULL; /* it goes with the response */
    return status;
}

static enum rb_plan_word word_of(enum rb_policy_word word)
{
    return word == RB_POLICY_ALLOW  ? RB_PLAN_ALLOW
           : word == RB_POLICY_HOLD ? RB_PLAN_HOLD
                                    : RB_PLAN_REFUSE;
}

static const char *kept_name(struct simulation *simulation, const char *name)
{
    for (size_t i = 0; i < simulation->spent_count; i++) {
        if (rb_text_equal(simulation->spent[i].budget, name))
            return simulation->spent[i].budget;
    }
    simulation->spent = rb_arena_grow(simulation->arena, simulation->spent, simulation->spent_count,
                                      &simulation->spent_capacity, sizeof(*simulation->spent));
    simulation->spent[simulation->spent_count] =
        (struct rb_dispatch_spent){rb_arena_strdup(simulation->arena, name), 0};
    return simulation->spent[simulation->spent_count++].budget;
}

static void take_answer(struct simulation *simulation, struct sim_image *image,
                        const struct rb_policy_answer *answer)
{
    image->verdict = (struct rb_plan_verdict){
        .word = word_of(answer->word),
        .key = image->verdict_key,
        .cause = "policy",
        .waits_for = answer->approvals_wanted > answer->approvals_given ? "approval" : "time",
        .until_at = answer->until_at,
        .urgent = answer->urgent,
        .replaces_running = answer->supersede_cancel};
    image->priority = answer->priority;
    image->limit = (struct rb_dispatch_limit){0};
    image->budget = (struct rb_dispatch_budget){0};
    if (answer->concurrency_name != NULL)
        image->limit = (struct rb_dispatch_limit){kept_name(simulation, answer->concurrency_name),
                                                  answer->concurrency_most};
    if (answer->budget_name != NULL)
        image->budget = (struct rb_dispatch_budget){kept_name(simulation, answer->budget_name),
                                                    answer->budget_ms_a_day};
    simulation->counts.held += answer->word == RB_POLICY_HOLD;
    simulation->counts.refused += answer->word == RB_POLICY_REFUSE;
    image->approvals_wanted = answer->approvals_wanted;
    bool waits = answer->word == RB_POLICY_HOLD &&
                 answer->approvals_wanted > answer->approvals_given &&
                 simulation->told->approve_after_ms > 0;
    if (waits)
        rb_heap_put(&simulation->approvals, &image->approval,
                    simulation->now_at + simulation->told->approve_after_ms);
}

int ask_about(struct simulation *simulation, int index, const struct rb_plan_decision *decision,
              struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct sim_image *image = &simulation->images[index];
    struct rb_policy_answer answer;
    if (strcmp(image->verdict_key, decision->input_key) != 0) {
        rb_heap_take(&simulation->approvals, &image->approval);
        image->approvals_given = 0; /* they were for other inputs */
    }
    RB_CLEANUP_JSON json_t *input = make_input(simulation, image, decision);
    int status = decide(simulation, input, arena, &answer, err);
    if (status != 0)
        return status;
    memcpy(image->verdict_key, decision->input_key, sizeof(image->verdict_key));
    simulation->counts.asked++;
    take_answer(simulation, image, &answer);
    fleet_tell(simulation, index);
    return 0;
}

int ask_for_deadline(struct simulation *simulation, const struct rb_history_advisory *advisory,
                     int index, int64_t *ret_at, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_policy_answer answer;
    RB_CLEANUP_JSON json_t *input = begin_input(simulation, "exposure", &simulation->images[index]);
    json_t *vulnerability = rb_json_object(), *open = rb_json_array();
    rb_json_append(open, advisory_json(advisory, simulation->now_at));
    rb_json_set(vulnerability, "open", open);
    rb_json_set(input, "vulnerability", vulnerability);
    int status = decide(simulation, input, arena, &answer, err);
    if (status == 0)
        *ret_at = answer.deadline_at;
    return status;
}
