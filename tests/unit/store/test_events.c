/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log, and transactions: what is undone leaves no event either. */
#include <string.h>

#include "fixture.h"

static size_t count_events(struct fixture *fixture)
{
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    assert_ok(rb_store_events(fixture->store, NULL, 0, 0, fixture->arena, &events, &count, &err),
              &err);
    return count;
}

static void events_are_paged(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    json_t *data = rb_json_object();
    rb_json_set_integer(data, "n", 7);
    for (int i = 0; i < 5; i++)
        assert_ok(rb_store_add_event(fixture->store, "user:root", "note.made", "shop", data, &err),
                  &err);
    json_decref(data);
    assert_ok(rb_store_add_event(fixture->store, "rebaked", "note.made", "blog", NULL, &err), &err);
    assert_ok(rb_store_events(fixture->store, "shop", 0, 2, fixture->arena, &events, &count, &err),
              &err);
    assert_int_equal(count, 2);
    assert_string_equal(events[0].actor, "user:root");
    assert_string_equal(events[0].data, "{\"n\":7}");
    assert_int_equal(events[0].at, 1000);
    assert_true(events[0].id > events[1].id);
    assert_ok(rb_store_events(fixture->store, "shop", events[1].id, 100, fixture->arena, &events,
                              &count, &err),
              &err);
    assert_int_equal(count, 4); /* three notes and the pipeline.loaded */
    assert_ok(rb_store_events(fixture->store, NULL, 0, 1, fixture->arena, &events, &count, &err),
              &err);
    assert_string_equal(events[0].subject, "blog");
    assert_string_equal(events[0].data, "{}");
}

static void events_of_one_build(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_event *events;
    size_t count;
    fixture_build(fixture, fixture->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    fixture_build(fixture, fixture->app_id, RB_BUILD_FAILED, NULL);
    assert_ok(
        rb_store_events(fixture->store, "build:1", 0, 9, fixture->arena, &events, &count, &err),
        &err);
    assert_int_equal(count, 4);
    assert_string_equal(events[0].name, "build.finished");
    assert_string_equal(events[3].name, "build.queued");
    assert_string_equal(events[3].subject, "shop/app");
    assert_ok(
        rb_store_events(fixture->store, "build:2", 0, 9, fixture->arena, &events, &count, &err),
        &err);
    assert_int_equal(count, 3);
}

static void transaction_is_whole_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    size_t before = count_events(fixture);
    int64_t generation = rb_store_generation(fixture->store);
    assert_ok(rb_store_begin(fixture->store, &err), &err);
    assert_ok(rb_store_pause(fixture->store, "all", "user:root", "", 0, &err), &err);
    assert_int_equal(rb_store_generation(fixture->store), generation);
    rb_store_rollback(fixture->store);
    assert_int_equal(count_events(fixture), before);
    assert_int_equal(rb_store_generation(fixture->store), generation);
    assert_ok(rb_store_begin(fixture->store, &err), &err);
    assert_ok(rb_store_pause(fixture->store, "all", "user:root", "", 0, &err), &err);
    assert_ok(rb_store_commit(fixture->store, &err), &err);
    assert_int_equal(count_events(fixture), before + 1);
    assert_true(rb_store_generation(fixture->store) > generation);
}

static void failed_change_leaves_the_transaction_usable(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_pause_row *rows;
    size_t count, before = count_events(fixture);
    int64_t id;
    const struct rb_reason reason = {.kind = "base", .subject = "x", .from = "", .to = ""};
    assert_ok(rb_store_begin(fixture->store, &err), &err);
    assert_ok(rb_store_pause(fixture->store, "shop", "user:root", "", 0, &err), &err);
    assert_int_equal(rb_store_resume(fixture->store, "blog", "user:root", &err), RB_ENOTFOUND);
    assert_int_equal(rb_store_add_build(fixture->store, fixture->app_id, 1, "not json", "l", "k",
                                        &reason, 1, &id, &err),
                     RB_EDB);
    assert_ok(rb_store_commit(fixture->store, &err), &err);
    assert_ok(rb_store_pauses(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 1);
    assert_int_equal(count_events(fixture), before + 1);
}

static void reading_changes_no_generation(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    int64_t generation = rb_store_generation(fixture->store);
    assert_ok(rb_store_begin(fixture->store, &err), &err);
    (void)count_events(fixture);
    assert_ok(rb_store_commit(fixture->store, &err), &err);
    assert_int_equal(rb_store_generation(fixture->store), generation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_paged, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(events_of_one_build, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(transaction_is_whole_or_not_at_all, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(failed_change_leaves_the_transaction_usable, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(reading_changes_no_generation, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests_name("store events", tests, NULL, NULL);
}
