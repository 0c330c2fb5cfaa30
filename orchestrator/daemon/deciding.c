/* SPDX-License-Identifier: Apache-2.0 */
#include "deciding.h"

#include <string.h>
#include <time.h>

#include "engine_parts.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/decisions.h"

enum {
    QUESTIONS_MAXIMUM = 16,        /* at a time: each one's input is worked out when it is asked */
    LEAVE_MS = 2 * 60 * 1000,      /* how long a leave stands without being made use of */
    AGAIN_MS = 5 * 60 * 1000,      /* a hold or refusal is asked for again at the latest then */
    SETTLED_AGAIN_MS = 30 * 1000,  /* one that waits until nothing changes any more */
    NO_ANSWER_AGAIN_MS = 2 * 1000, /* at first; and twice as long each time */
    NO_ANSWER_AGAIN_MOST_MS = 2 * 60 * 1000
};

struct engine_question {
    struct rb_engine *engine;
    struct engine_question *next;
    struct engine_verdict *verdict;
    struct rb_policy_question *asked;
    const char *what;
    int64_t image_id, deployment_id;
    char *name;
    char *key;
    json_t *input;
    int64_t asked_at, began_us;
};

static int64_t monotonic_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 * 1000 + now.tv_nsec / 1000;
}

const struct rb_plan_verdict *engine_verdict_now(const struct engine_verdict *verdict,
                                                 int64_t now_at)
{
    bool forgotten = verdict->plan.word == RB_PLAN_ALLOW &&
                     (verdict->asked_at > now_at || verdict->asked_at + LEAVE_MS <= now_at);
    return verdict->arena == NULL || forgotten ? NULL : &verdict->plan;
}

bool engine_verdict_is_due(const struct engine_verdict *verdict, int64_t now_at)
{
    return verdict->again_at <= now_at || verdict->asked_at > now_at;
}

static void forget(struct engine_verdict *verdict)
{
    json_decref(verdict->result);
    json_decref(verdict->approvals);
    verdict->approvals = NULL;
    rb_arena_free(verdict->arena);
    verdict->result = NULL;
    verdict->arena = NULL;
    verdict->plan = (struct rb_plan_verdict){0};
    verdict->decision_id = 0;
}

void engine_free_verdict(struct engine_verdict *verdict)
{
    RB_ASSERT(verdict->question == NULL);
    forget(verdict);
}

static void free_question(struct engine_question *question)
{
    struct engine_question **at = &question->engine->questions;
    while (*at != question)
        at = &(*at)->next;
    *at = question->next;
    question->engine->question_count--;
    question->verdict->question = NULL;
    json_decref(question->input);
    rb_free(question->name);
    rb_free(question->key);
    rb_free(question);
}

static void cancel_question(struct engine_question *question)
{
    rb_policy_question_cancel(question->asked);
    free_question(question);
}

void engine_cancel_questions(struct rb_engine *engine)
{
    while (engine->questions != NULL)
        cancel_question(engine->questions);
}

static enum rb_plan_word plan_word(const char *name)
{
    if (strcmp(name, "allow") == 0)
        return RB_PLAN_ALLOW;
    return strcmp(name, "refuse") == 0 ? RB_PLAN_REFUSE : RB_PLAN_HOLD;
}

static const char *cause_of(const struct rb_decision_row *row, const char *cannot,
                            struct rb_arena *arena)
{
    if (cannot != NULL)
        return rb_arena_printf(arena, "policy rule %s wants %s", row->rule, cannot);
    if (row->error != NULL)
        return rb_arena_printf(arena, "policy server gave no answer: %s", row->error);
    if (row->rule == NULL || row->reason == NULL)
        return rb_arena_printf(arena, "policy: %s",
                               row->reason != NULL ? row->reason
                               : row->rule != NULL ? row->rule
                                                   : "it does not say why");
    return rb_arena_printf(arena, "policy rule %s: %s", row->rule, row->reason);
}

/* Today's budget is another than yesterday's. */
static int64_t next_day(int64_t at)
{
    static const int64_t DAY_MS = 24 * 3600 * 1000;
    return at - at % DAY_MS + DAY_MS;
}

static int64_t again_at(const struct engine_verdict *verdict, int64_t until_at, int64_t now_at)
{
    int64_t span = AGAIN_MS;
    if (verdict->failures > 0) {
        span = NO_ANSWER_AGAIN_MS;
        for (int i = 1; i < verdict->failures && span < NO_ANSWER_AGAIN_MOST_MS; i++)
            span *= 2;
    } else if (rb_text_equal(verdict->plan.waits_for, "settled")) {
        span = SETTLED_AGAIN_MS;
    }
    int64_t at = now_at + span;
    if (until_at > now_at && until_at < at)
        at = until_at;
    return next_day(now_at) < at ? next_day(now_at) : at;
}

/* The row becomes the verdict. */
static void take_verdict(struct engine_verdict *verdict, const struct rb_decision_row *row,
                         json_t *result)
{
    json_t *kept = json_incref(result);
    forget(verdict);
    struct rb_arena *arena = verdict->arena = rb_arena_new();
    verdict->result = kept;
    verdict->decision_id = row->id;
    verdict->asked_at = row->asked_at;
    verdict->failures = row->error == NULL ? 0 : verdict->failures + 1;
    const char *cannot = engine_cannot_obey(row->subject, result, arena);
    enum rb_plan_word word = plan_word(row->word);
    verdict->plan = (struct rb_plan_verdict){
        .word = word == RB_PLAN_ALLOW && cannot != NULL ? RB_PLAN_HOLD : word,
        .key = rb_arena_strdup(arena, row->key),
        .cause = cause_of(row, word == RB_PLAN_ALLOW ? cannot : NULL, arena),
        .waits_for = rb_arena_strdup(
            arena, rb_json_get_string(result, "waitsFor", row->error != NULL ? "policy" : NULL)),
        .until_at = word == RB_PLAN_ALLOW ? row->asked_at + LEAVE_MS : row->until_at,
        .urgent = rb_json_get_bool(result, "urgent", false),
        .bisect = rb_json_get_bool(result, "bisect", false),
        .replaces_running =
            strcmp(rb_json_get_string(result, "supersede", "finish"), "cancel") == 0,
    };
    verdict->again_at = again_at(verdict, row->until_at, row->asked_at);
}

/* Is it what was said already? Then it is not written again. A leave is: something will stand on
   it. */
static bool is_said_again(const struct engine_verdict *verdict, const struct rb_decision_row *row)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    return verdict->arena != NULL && verdict->decision_id != 0 &&
           plan_word(row->word) != RB_PLAN_ALLOW && verdict->plan.word == plan_word(row->word) &&
           verdict->plan.until_at == row->until_at && rb_text_equal(verdict->plan.key, row->key) &&
           strcmp(verdict->plan.cause, cause_of(row, NULL, arena)) == 0;
}

static void log_decision(const struct engine_question *question, const struct rb_decision_row *row)
{
    rb_log(row->error == NULL ? RB_LOG_INFO : RB_LOG_WARNING, "policy decided", "about",
           question->what, "name", question->name, "decision", row->word,
           row->error == NULL ? "rule" : "error", row->error == NULL ? row->rule : row->error,
           NULL);
}

static void record(struct engine_question *question, struct rb_decision_row *row, json_t *result)
{
    struct rb_engine *engine = question->engine;
    struct engine_verdict *verdict = question->verdict;
    struct rb_err err;
    if (is_said_again(verdict, row)) {
        row->id = verdict->decision_id;
    } else {
        log_decision(question, row);
        if (rb_store_add_decision(engine->store, row, question->input, &row->id, &err) != 0) {
            rb_log(RB_LOG_ERROR, "a decision could not be recorded, and does not count", "name",
                   question->name, "error", err.text, NULL);
            row->id = 0;
            row->word = "hold";
            row->error = "it could not be recorded";
        }
    }
    take_verdict(verdict, row, result);
    verdict->approvals = json_incref(json_object_get(question->input, "approvals"));
    struct engine_image *image = engine_image_by_id(engine, question->image_id);
    if (image != NULL)
        engine_mark_image(engine, image);
}

static void answered(void *context, const struct rb_policy_answer *answer,
                     const struct rb_err *error)
{
    struct engine_question *question = context;
    struct rb_engine *engine = question->engine;
    RB_CLEANUP_JSON json_t *result = answer == NULL ? NULL : json_deep_copy(answer->json);
    RB_CLEANUP_FREE char *text = result == NULL ? NULL : rb_json_canonical(result);
    struct rb_decision_row row = {.subject = question->what,
                                  .image_id = question->image_id,
                                  .deployment_id = question->deployment_id,
                                  .key = question->key,
                                  .word = "hold",
                                  .result = text,
                                  .asked_at = question->asked_at,
                                  .took_us = monotonic_us() - question->began_us};
    if (answer == NULL) {
        row.error = error->text;
    } else {
        row.word = rb_policy_word_name(answer->word);
        row.rule = answer->rule;
        row.reason = answer->reason;
        row.until_at = answer->word == RB_POLICY_HOLD ? answer->until_at : 0;
    }
    record(question, &row, result);
    free_question(question);
    rb_engine_plan_soon(engine);
}

bool engine_may_ask(const struct rb_engine *engine, const struct engine_subject *subject)
{
    const struct engine_question *question = subject->verdict->question;
    if (question != NULL)
        return strcmp(question->key, subject->key) != 0;
    if (subject->pipeline->policy == NULL ||
        (subject->pipeline->is_embedded && !engine->policy_was_heard))
        return false;
    return engine->question_count < QUESTIONS_MAXIMUM;
}

void engine_ask(struct rb_engine *engine, const struct engine_subject *subject, json_t *input)
{
    if (subject->verdict->question != NULL) /* of other inputs: nobody wants its answer now */
        cancel_question(subject->verdict->question);
    struct engine_question *question = rb_zalloc(sizeof(*question));
    question->engine = engine;
    question->next = engine->questions;
    question->verdict = subject->verdict;
    question->what = subject->what;
    question->image_id = subject->image_id;
    question->deployment_id = subject->deployment_id;
    question->name = rb_strdup(subject->name);
    question->key = rb_strdup(subject->key);
    question->input = input;
    question->asked_at = rb_clock_now(engine->clock);
    question->began_us = monotonic_us();
    engine->questions = question;
    engine->question_count++;
    subject->verdict->question = question;
    rb_policy_ask(subject->pipeline->policy, input, answered, question, &question->asked);
}

int engine_allow_by_nobody(struct rb_engine *engine, const struct engine_subject *subject,
                           int64_t *ret_id, struct rb_err *err)
{
    const struct rb_decision_row row = {.subject = subject->what,
                                        .image_id = subject->image_id,
                                        .deployment_id = subject->deployment_id,
                                        .key = subject->key,
                                        .word = "allow",
                                        .rule = "no policy",
                                        .reason = "the pipeline has no policy",
                                        .asked_at = rb_clock_now(engine->clock)};
    return rb_store_add_decision(engine->store, &row, NULL, ret_id, err);
}

int engine_recall_verdict(struct rb_engine *engine, const struct engine_subject *subject,
                          struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *result = NULL;
    struct rb_decision_row *rows;
    size_t count;
    int status = rb_store_decisions(engine->store, subject->image_id, subject->deployment_id, 1,
                                    arena, &rows, &count, err);
    if (status != 0 || count == 0)
        return status;
    if (rows[0].result != NULL && rb_json_parse(rows[0].result, strlen(rows[0].result),
                                                "a stored answer", &result, NULL) != 0)
        return 0; /* it is asked for again */
    take_verdict(subject->verdict, &rows[0], result);
    subject->verdict->again_at = 0; /* the policy may be another by now */
    return 0;
}

static void ask_soon(struct engine_verdict *verdict)
{
    if (verdict->arena != NULL && verdict->failures > 0)
        verdict->again_at = 0;
}

void engine_ask_again(struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->image_count; i++)
        ask_soon(&engine->images[i].verdict);
    for (size_t i = 0; i < engine->deployment_count; i++)
        ask_soon(&engine->deployments[i].verdict);
    rb_engine_plan_soon(engine);
}
