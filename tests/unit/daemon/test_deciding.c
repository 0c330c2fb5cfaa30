/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: no answer is a hold, asked again with patience; what was said outlives the engine, and
   a leave does not. */
#include <string.h>

#include "engine_parts.h"
#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/store/decisions.h"
#include "rebake/store/queue.h"

enum { MINUTE_MS = 60 * 1000 };

struct deciding_fixture {
    struct fixture *base;
    struct rb_engine engine;
    struct rb_pipeline model;
    struct rb_image image_model;
    struct engine_pipeline pipeline;
    struct rb_source code_model;
    struct engine_source code;
    struct engine_image image;
};

static void planned_again(void *context)
{
    rb_loop_stop(context);
}

static int setup(void **state)
{
    static const char *const nobody[] = {"/nowhere/policy.sock", NULL};
    const struct rb_policy_client_options options = {.endpoints = nobody, .failures = 1000};
    struct deciding_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_engine *engine = &fixture->engine;
    if (fixture_setup((void **)&fixture->base) != 0)
        return -1;
    fixture->base->now = INT64_C(1796040000000); /* noon */
    engine->store = fixture->base->store;
    engine->clock = &fixture->base->clock;
    engine->loop = rb_loop_new();
    engine->http = rb_http_new(engine->loop);
    engine->plan_timer = rb_timer_new(engine->loop, planned_again, engine->loop);
    fixture->model.name = "shop";
    fixture->image_model.rebuild_on = "package";
    fixture->pipeline = (struct engine_pipeline){
        .model = &fixture->model,
        .policy = rb_policy_client_new(engine->loop, engine->http, &options)};
    fixture->code = (struct engine_source){
        .engine = engine, .model = &fixture->code_model, .name = (char *)"shop/code"};
    fixture->image = (struct engine_image){.id = fixture->base->app_id,
                                           .pipeline = &fixture->pipeline,
                                           .model = &fixture->image_model,
                                           .name = (char *)"shop/app",
                                           .code_source = &fixture->code,
                                           .base = RB_PLAN_NO_BASE};
    engine->images = &fixture->image;
    engine->image_count = 1;
    engine->sources = &fixture->code;
    engine->source_count = 1;
    engine_begin_marks(engine);
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct deciding_fixture *fixture = *state;
    engine_cancel_questions(&fixture->engine);
    engine_free_verdict(&fixture->image.verdict);
    engine_end_marks(&fixture->engine);
    rb_policy_client_free(fixture->pipeline.policy);
    rb_timer_free(fixture->engine.plan_timer);
    rb_http_free(fixture->engine.http);
    rb_loop_free(fixture->engine.loop);
    int status = fixture_teardown((void **)&fixture->base);
    rb_free(fixture);
    return status;
}

static struct engine_subject subject_of(struct deciding_fixture *fixture, const char *key)
{
    return (struct engine_subject){.what = "rebuild",
                                   .pipeline = &fixture->pipeline,
                                   .verdict = &fixture->image.verdict,
                                   .image_id = fixture->image.id,
                                   .name = fixture->image.name,
                                   .key = key};
}

/* Asks, and waits for what comes of it. */
static void ask(struct deciding_fixture *fixture, const char *key)
{
    const struct engine_subject subject = subject_of(fixture, key);
    assert_true(engine_may_ask(&fixture->engine, &subject));
    fixture->engine.planning_soon = false;
    engine_ask(&fixture->engine, &subject, json_pack("{s:[]}", "approvals"));
    assert_false(engine_may_ask(&fixture->engine, &subject));
    rb_loop_run(fixture->engine.loop);
    assert_int_equal(fixture->engine.question_count, 0);
}

static void store_answer(struct deciding_fixture *fixture, const char *word, const char *result)
{
    struct rb_decision_row row = {.subject = "rebuild",
                                  .image_id = fixture->image.id,
                                  .key = "k1",
                                  .word = word,
                                  .rule = "r",
                                  .reason = "because",
                                  .result = result,
                                  .asked_at = fixture->base->now};
    const struct engine_subject subject = subject_of(fixture, "k1");
    struct rb_err err;
    int64_t id;
    assert_ok(rb_store_add_decision(fixture->engine.store, &row, NULL, &id, &err), &err);
    assert_ok(engine_recall_verdict(&fixture->engine, &subject, &err), &err);
}

static void no_answer_is_a_hold_that_is_asked_for_again(void **state)
{
    struct deciding_fixture *fixture = *state;
    const struct engine_verdict *verdict = &fixture->image.verdict;
    int64_t span = 0;
    for (int i = 0; i < 8; i++) {
        ask(fixture, "k1");
        const struct rb_plan_verdict *now = engine_verdict_now(verdict, fixture->base->now);
        assert_non_null(now);
        assert_int_equal(now->word, RB_PLAN_HOLD);
        assert_string_equal(now->key, "k1");
        assert_non_null(strstr(now->cause, "policy server gave no answer: "));
        assert_false(engine_verdict_is_due(verdict, fixture->base->now));
        assert_true(verdict->again_at - fixture->base->now >= span); /* more and more patient */
        span = verdict->again_at - fixture->base->now;
        assert_true(span <= 5 * MINUTE_MS);
        fixture->base->now = verdict->again_at;
        assert_true(engine_verdict_is_due(verdict, fixture->base->now));
    }
    assert_true(span >= MINUTE_MS);
    fixture->base->now -= 10;
    engine_ask_again(&fixture->engine); /* a server is back */
    assert_true(engine_verdict_is_due(verdict, fixture->base->now));
}

static void what_is_only_said_again_is_one_decision(void **state)
{
    struct deciding_fixture *fixture = *state;
    struct rb_decision_row *rows;
    struct rb_err err;
    size_t count;
    for (int i = 0; i < 3; i++)
        ask(fixture, "k1");
    assert_ok(rb_store_decisions(fixture->engine.store, fixture->image.id, 0, 0,
                                 fixture->base->arena, &rows, &count, &err),
              &err);
    assert_int_equal(count, 1);
    assert_string_equal(rows[0].word, "hold");
    assert_non_null(rows[0].error);
    ask(fixture, "k2");
    assert_ok(rb_store_decisions(fixture->engine.store, fixture->image.id, 0, 0,
                                 fixture->base->arena, &rows, &count, &err),
              &err);
    assert_int_equal(count, 2);
}

static void a_question_of_older_inputs_is_given_up(void **state)
{
    struct deciding_fixture *fixture = *state;
    const struct engine_subject older = subject_of(fixture, "k1"),
                                newer = subject_of(fixture, "k2");
    engine_ask(&fixture->engine, &older, json_pack("{s:[]}", "approvals"));
    assert_true(engine_may_ask(&fixture->engine, &newer));
    engine_ask(&fixture->engine, &newer, json_pack("{s:[]}", "approvals"));
    assert_int_equal(fixture->engine.question_count, 1);
    rb_loop_run(fixture->engine.loop);
    assert_string_equal(fixture->image.verdict.plan.key, "k2");
}

static void a_leave_is_forgotten_and_a_refusal_is_not(void **state)
{
    struct deciding_fixture *fixture = *state;
    const struct engine_verdict *verdict = &fixture->image.verdict;
    store_answer(fixture, "allow", "{\"decision\":\"allow\",\"urgent\":true}");
    const struct rb_plan_verdict *now = engine_verdict_now(verdict, fixture->base->now);
    assert_non_null(now);
    assert_int_equal(now->word, RB_PLAN_ALLOW);
    assert_true(now->urgent);
    assert_null(engine_verdict_now(verdict, fixture->base->now + 2 * MINUTE_MS));
    assert_null(engine_verdict_now(verdict, fixture->base->now - 1)); /* the clock went back */
    store_answer(fixture, "refuse", "{\"decision\":\"refuse\"}");
    now = engine_verdict_now(verdict, fixture->base->now + 60 * MINUTE_MS);
    assert_non_null(now);
    assert_int_equal(now->word, RB_PLAN_REFUSE);
    assert_string_equal(now->cause, "policy rule r: because");
    assert_true(engine_verdict_is_due(verdict, fixture->base->now)); /* by an engine of before */
}

static void what_cannot_be_done_here_is_a_hold(void **state)
{
    struct deciding_fixture *fixture = *state;
    const struct engine_verdict *verdict = &fixture->image.verdict;
    store_answer(fixture, "allow", "{\"decision\":\"allow\",\"executor\":\"slurm\"}");
    assert_int_equal(verdict->plan.word, RB_PLAN_HOLD);
    assert_string_equal(verdict->plan.cause,
                        "policy rule r wants executor slurm, which this daemon does not have");
    store_answer(fixture, "allow", "{\"decision\":\"allow\",\"base\":\"debian:13\"}");
    assert_int_equal(verdict->plan.word, RB_PLAN_HOLD);
    store_answer(fixture, "allow", "{\"decision\":\"allow\",\"executor\":\"local\"}");
    assert_int_equal(verdict->plan.word, RB_PLAN_ALLOW);
    RB_CLEANUP_JSON json_t *strict = json_pack("{s:{s:s}}", "require", "selinux", "no such mode");
    assert_non_null(engine_cannot_obey("deploy", strict, fixture->base->arena));
    assert_null(engine_cannot_obey("rebuild", strict, fixture->base->arena));
    assert_null(engine_cannot_obey("deploy", NULL, fixture->base->arena));
}

static void how_it_is_done_goes_into_lock_and_queue(void **state)
{
    struct deciding_fixture *fixture = *state;
    RB_CLEANUP_JSON json_t *result = json_pack(
        "{s:s, s:i, s:{s:s}, s:s, s:{s:s, s:i}, s:{s:s, s:i}}", "decision", "allow", "priority", 90,
        "arguments", "CHANNEL", "stable", "builderClass", "large", "budget", "name", "shop",
        "minutesPerDay", 600, "concurrency", "name", "big", "most", 2);
    RB_CLEANUP_JSON json_t *lock = engine_lock_of_policy(result);
    RB_CLEANUP_FREE char *text = rb_json_canonical(lock);
    assert_string_equal(text,
                        "{\"arguments\":{\"CHANNEL\":\"stable\"},\"builderClass\":\"large\"}");
    struct rb_build_terms terms = {.priority = 7};
    engine_terms_of_policy(result, fixture->base->arena, &terms);
    assert_int_equal(terms.priority, 90);
    assert_string_equal(terms.budget, "shop");
    assert_int_equal(terms.budget_ms_a_day, 600 * MINUTE_MS);
    assert_string_equal(terms.bound, "big");
    assert_int_equal(terms.bound_most, 2);
    assert_null(engine_lock_of_policy(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_answer_is_a_hold_that_is_asked_for_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_is_only_said_again_is_one_decision, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_of_older_inputs_is_given_up, setup, teardown),
        cmocka_unit_test_setup_teardown(a_leave_is_forgotten_and_a_refusal_is_not, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_done_here_is_a_hold, setup, teardown),
        cmocka_unit_test_setup_teardown(how_it_is_done_goes_into_lock_and_queue, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
