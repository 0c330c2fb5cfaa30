/* SPDX-License-Identifier: Apache-2.0 */
/* The clock of an exposure: begun once, due, breached, met, and all told once. */
#include "rebake/store/exposures.h"

#include <string.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static void set(struct fixture *fixture, const char *first, const char *second)
{
    struct rb_err err;
    const struct rb_exposure_row rows[] = {{.advisory = first, .severity = "high"},
                                           {.advisory = second, .severity = "low", .kev = true}};
    size_t count = (size_t)(first != NULL) + (size_t)(second != NULL);
    assert_ok(rb_store_set_exposures(fixture->store, fixture->app_id, rows, count, &err), &err);
}

static size_t read(struct fixture *fixture, struct rb_exposure_row **ret_rows)
{
    struct rb_err err;
    size_t count;
    assert_ok(
        rb_store_exposures(fixture->store, fixture->app_id, fixture->arena, ret_rows, &count, &err),
        &err);
    return count;
}

static int64_t watch(struct fixture *fixture)
{
    struct rb_err err;
    int64_t next_at;
    assert_ok(rb_store_watch_deadlines(fixture->store, &next_at, &err), &err);
    return next_at;
}

static void set_deadline(struct fixture *fixture, int64_t deadline_at)
{
    struct rb_err err;
    struct rb_exposure_row *rows;
    assert_true(read(fixture, &rows) > 0);
    assert_ok(rb_store_set_deadline(fixture->store, rows[0].id, deadline_at, &err), &err);
}

static struct rb_sla_sum sum_of(struct fixture *fixture)
{
    struct rb_err err;
    struct rb_sla_sum sum;
    assert_ok(rb_store_sla(fixture->store, &sum, &err), &err);
    return sum;
}

static void one_begins_when_it_is_first_seen(void **state)
{
    struct fixture *fixture = *state;
    struct rb_exposure_row *rows;
    set(fixture, "A", NULL);
    fixture->now = 2000;
    set(fixture, "A", "B");
    assert_int_equal(read(fixture, &rows), 2);
    assert_int_equal(rows[0].since, 1000);
    assert_string_equal(rows[0].severity, "high");
    assert_int_equal(rows[1].since, 2000);
    assert_true(rows[1].kev);
    fixture->now = 3000;
    set(fixture, "A", NULL);
    fixture->now = 4000;
    set(fixture, "A", "B"); /* it is back: another clock */
    assert_int_equal(read(fixture, &rows), 2);
    assert_int_equal(rows[1].since, 4000);
    assert_int_equal(sum_of(fixture).exposed, 2);
    assert_int_equal(sum_of(fixture).open, 0);
}

static void a_deadline_is_due_then_breached(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "A", NULL);
    assert_int_equal(watch(fixture), 0);
    set_deadline(fixture, 5000);
    assert_int_equal(watch(fixture), 4000);
    fixture->now = 4000;
    assert_int_equal(watch(fixture), 5000);
    assert_string_equal(fixture_events(fixture, 1), "sla.due shop/app");
    assert_int_equal(sum_of(fixture).due, 1);
    assert_int_equal(sum_of(fixture).next_at, 5000);
    fixture->now = 5000;
    assert_int_equal(watch(fixture), 0);
    assert_string_equal(fixture_events(fixture, 1), "sla.breached shop/app");
    assert_int_equal(watch(fixture), 0);
    assert_string_equal(fixture_events(fixture, 2), "sla.due shop/app\nsla.breached shop/app");
    assert_int_equal(sum_of(fixture).breached, 1);
    fixture->now = 6000;
    set(fixture, NULL, NULL);
    assert_string_equal(fixture_events(fixture, 1), "sla.closed shop/app");
    assert_int_equal(sum_of(fixture).breached, 0);
    assert_int_equal(sum_of(fixture).breaches, 1);
}

static void what_is_gone_in_time_is_met(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "A", NULL);
    set_deadline(fixture, 5000);
    fixture->now = 2000;
    set(fixture, NULL, NULL);
    assert_string_equal(fixture_events(fixture, 1), "sla.met shop/app");
    assert_int_equal(sum_of(fixture).breaches, 0);
}

/* A severity that is judged anew, a waiver that comes or is over. */
static void a_deadline_may_move(void **state)
{
    struct fixture *fixture = *state;
    set(fixture, "A", NULL);
    set_deadline(fixture, 5000);
    fixture->now = 5000;
    (void)watch(fixture);
    set_deadline(fixture, 9000);
    assert_int_equal(sum_of(fixture).breached, 0);
    assert_int_equal(watch(fixture), 7000);
    set_deadline(fixture, 0);
    assert_int_equal(watch(fixture), 0);
    assert_int_equal(sum_of(fixture).open, 0);
    fixture->now = 500; /* the clock went back */
    set_deadline(fixture, 700);
    assert_true(watch(fixture) > 0);
    assert_int_equal(sum_of(fixture).breached, 0);
}

/* Neither is late for what nobody waits for any more. */
static void a_retired_image_has_no_clock(void **state)
{
    static const char *const NONE[] = {NULL};
    struct fixture *fixture = *state;
    struct rb_err err;
    set(fixture, "A", NULL);
    set_deadline(fixture, 5000);
    assert_ok(rb_store_retain_deployments(fixture->store, fixture->pipeline_id, NONE, &err), &err);
    assert_ok(rb_store_retain_images(fixture->store, fixture->pipeline_id, NONE, &err), &err);
    assert_non_null(strstr(fixture_events(fixture, 4), "sla.closed shop/app"));
    fixture->now = 9000;
    assert_int_equal(watch(fixture), 0);
    assert_int_equal(sum_of(fixture).exposed, 0);
    assert_int_equal(sum_of(fixture).breaches, 0);
}

static void a_pipeline_without_policy_has_no_deadlines(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_exposure_row *rows;
    set(fixture, "A", NULL);
    set_deadline(fixture, 5000);
    assert_ok(rb_store_drop_deadlines(fixture->store, fixture->pipeline_id + 1, &err), &err);
    assert_int_equal(sum_of(fixture).open, 1);
    assert_ok(rb_store_drop_deadlines(fixture->store, fixture->pipeline_id, &err), &err);
    assert_int_equal(sum_of(fixture).open, 0);
    fixture->now = 9000;
    assert_int_equal(watch(fixture), 0);
    assert_int_equal(read(fixture, &rows), 1);
    assert_int_equal(rows[0].since, 1000); /* the clock of a policy that comes back */
}

/* A policy that makes thousands late at once does not make one long transaction. */
static void many_are_told_in_parts(void **state)
{
    enum { MANY = 700 };
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_exposure_row rows[MANY], *read_rows;
    for (size_t i = 0; i < MANY; i++)
        rows[i] = (struct rb_exposure_row){.advisory = rb_arena_printf(fixture->arena, "A%zu", i),
                                           .severity = "high"};
    assert_ok(rb_store_set_exposures(fixture->store, fixture->app_id, rows, MANY, &err), &err);
    assert_int_equal(read(fixture, &read_rows), MANY);
    for (size_t i = 0; i < MANY; i++)
        assert_ok(rb_store_set_deadline(fixture->store, read_rows[i].id, 5000, &err), &err);
    fixture->now = 6000;
    assert_int_equal(watch(fixture), 4000); /* at once: some are left */
    assert_in_range(sum_of(fixture).breached, 1, MANY - 1);
    assert_int_equal(watch(fixture), 0);
    assert_int_equal(sum_of(fixture).breached, MANY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_begins_when_it_is_first_seen, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_deadline_is_due_then_breached, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(what_is_gone_in_time_is_met, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_deadline_may_move, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_retired_image_has_no_clock, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(a_pipeline_without_policy_has_no_deadlines, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(many_are_told_in_parts, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
