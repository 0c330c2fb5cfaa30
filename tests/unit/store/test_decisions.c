/* SPDX-License-Identifier: Apache-2.0 */
/* What policy decided: told where it is news, kept where something stands on it. */
#include <string.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static int64_t decide(struct fixture *fixture, const char *word, const char *rule)
{
    RB_CLEANUP_JSON json_t *input =
        json_pack("{s:s, s:I}", "subject", "rebuild", "settledFor", (json_int_t)fixture->now);
    const struct rb_decision_row row = {.subject = "rebuild",
                                        .image_id = fixture->app_id,
                                        .key = "k1",
                                        .word = word,
                                        .rule = rule,
                                        .reason = "it is Friday",
                                        .until_at = 7000,
                                        .result = "{\"decision\":\"hold\"}",
                                        .asked_at = fixture->now,
                                        .took_us = 321};
    struct rb_err err;
    int64_t id = 0;
    assert_ok(rb_store_add_decision(fixture->store, &row, input, &id, &err), &err);
    return id;
}

static size_t count_decisions(struct fixture *fixture)
{
    struct rb_decision_row *rows;
    struct rb_err err;
    size_t count;
    assert_ok(rb_store_decisions(fixture->store, fixture->app_id, 0, 0, fixture->arena, &rows,
                                 &count, &err),
              &err);
    return count;
}

static void a_decision_is_read_as_it_was_made(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_JSON json_t *input = NULL;
    struct rb_decision_row row;
    struct rb_err err;
    int64_t id = decide(fixture, "hold", "not-on-fridays");
    assert_ok(rb_store_decision(fixture->store, id, fixture->arena, &row, &err), &err);
    assert_string_equal(row.name, "shop/app");
    assert_string_equal(row.word, "hold");
    assert_string_equal(row.rule, "not-on-fridays");
    assert_string_equal(row.reason, "it is Friday");
    assert_int_equal(row.until_at, 7000);
    assert_int_equal(row.took_us, 321);
    assert_int_equal(row.image_id, fixture->app_id);
    assert_int_equal(row.deployment_id, 0);
    assert_null(row.error);
    assert_ok(rb_store_decision_input(fixture->store, id, &input, &err), &err);
    assert_string_equal(rb_json_get_string(input, "subject", ""), "rebuild");
    assert_int_equal(rb_store_decision(fixture->store, 99, fixture->arena, &row, &err),
                     RB_ENOTFOUND);
}

static void only_news_is_told(void **state)
{
    struct fixture *fixture = *state;
    decide(fixture, "hold", "a");
    decide(fixture, "hold", "a");
    decide(fixture, "hold", "b");
    decide(fixture, "allow", "b");
    decide(fixture, "allow", "b");
    decide(fixture, "allow", NULL);
    assert_string_equal(fixture_events(fixture, 4),
                        "decision.made shop/app\ndecision.made shop/app\n"
                        "decision.made shop/app\ndecision.made shop/app");
    struct rb_event *events;
    struct rb_err err;
    size_t count, told = 0;
    assert_ok(
        rb_store_events(fixture->store, "shop/app", 0, 99, fixture->arena, &events, &count, &err),
        &err);
    for (size_t i = 0; i < count; i++)
        told += strcmp(events[i].name, "decision.made") == 0;
    assert_int_equal(told, 4);
}

static void old_ones_go_but_those_that_a_build_stands_on(void **state)
{
    struct fixture *fixture = *state;
    struct rb_decision_row row;
    struct rb_build_row build;
    struct rb_err err;
    int64_t first = decide(fixture, "allow", "a"), second = decide(fixture, "allow", "a");
    int64_t build_id = fixture_queue(fixture, fixture->app_id);
    assert_ok(rb_store_build_stands_on(fixture->store, build_id, first, &err), &err);
    for (int i = 0; i < 3 * RB_DECISIONS_KEPT; i++)
        decide(fixture, "hold", "b");
    assert_int_equal(count_decisions(fixture), RB_DECISIONS_KEPT + 1);
    assert_ok(rb_store_decision(fixture->store, first, fixture->arena, &row, &err), &err);
    assert_int_equal(rb_store_decision(fixture->store, second, fixture->arena, &row, &err),
                     RB_ENOTFOUND);
    assert_ok(rb_store_build(fixture->store, build_id, fixture->arena, &build, &err), &err);
    assert_int_equal(build.decision_id, first);
}

static void a_deployment_that_is_held_says_why(void **state)
{
    struct fixture *fixture = *state;
    struct rb_deployment_row row;
    struct rb_err err;
    for (int i = 0; i < 2; i++)
        assert_ok(rb_store_set_deployment_held(fixture->store, fixture->production_id, "on-hold",
                                               "window: closed", &err),
                  &err);
    assert_string_equal(fixture_events(fixture, 1), "deployment.held shop/production");
    assert_ok(
        rb_store_deployment(fixture->store, fixture->production_id, fixture->arena, &row, &err),
        &err);
    assert_string_equal(row.held, "on-hold");
    assert_string_equal(row.held_cause, "window: closed");
    assert_ok(
        rb_store_set_deployment_held(fixture->store, fixture->production_id, NULL, NULL, &err),
        &err);
    assert_ok(
        rb_store_deployment(fixture->store, fixture->production_id, fixture->arena, &row, &err),
        &err);
    assert_null(row.held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_decision_is_read_as_it_was_made, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(only_news_is_told, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(old_ones_go_but_those_that_a_build_stands_on, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_deployment_that_is_held_says_why, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
