/* SPDX-License-Identifier: Apache-2.0 */
/* The queue of builds: on which terms they wait, why, and what ended ones have used. */
#include "fixture.h"
#include "rebake/base/text.h"
#include "rebake/store/queue.h"

static struct rb_queue_row read_row(struct fixture *fixture, int64_t id)
{
    struct rb_err err;
    struct rb_queue_row row;
    assert_ok(rb_store_queued(fixture->store, id, fixture->arena, &row, &err), &err);
    return row;
}

static void set_terms(struct fixture *fixture, int64_t id, const struct rb_build_terms *terms)
{
    struct rb_err err;
    assert_ok(rb_store_set_build_terms(fixture->store, id, terms, &err), &err);
}

/* Runs for so long, and ends. */
static int64_t run_build(struct fixture *fixture, const struct rb_build_terms *terms,
                         enum rb_build_state state, int64_t span_ms)
{
    struct rb_err err;
    int64_t id = fixture_queue(fixture, fixture->app_id);
    set_terms(fixture, id, terms);
    assert_ok(rb_store_start_build(fixture->store, id, "/j", 0, 0, &err), &err);
    fixture->now += span_ms;
    const struct rb_build_end end = {.build_id = id, .state = state};
    assert_ok(rb_store_end_build(fixture->store, &end, NULL, &err), &err);
    return id;
}

static void what_waits_and_runs_is_listed(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_build_terms terms = {74, 4000, "shop", 60000, "hosts", 2};
    const struct rb_build_wait wait = {"limit", "limit hosts: 2 run", "limit:hosts"};
    struct rb_err err;
    struct rb_queue_row *rows;
    size_t count;
    fixture_build(fixture, fixture->app_id, RB_BUILD_FAILED, NULL);
    int64_t first = fixture_queue(fixture, fixture->runtime_id);
    int64_t second = fixture_queue(fixture, fixture->app_id);
    assert_ok(rb_store_set_build_wait(fixture->store, second, &wait, &err), &err);
    set_terms(fixture, second, &terms);
    assert_ok(rb_store_start_build(fixture->store, first, "/j", 0, 0, &err), &err);
    assert_ok(rb_store_queue(fixture->store, fixture->arena, &rows, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].build_id, first);
    assert_true(rows[0].running && rows[0].started_at == fixture->now);
    assert_int_equal(rows[0].terms.priority, 50);
    assert_null(rows[0].terms.budget);
    assert_string_equal(rows[0].wait.cause, "");
    assert_int_equal(rows[1].build_id, second);
    assert_int_equal(rows[1].image_id, fixture->app_id);
    assert_string_equal(rows[1].pipeline, "shop");
    assert_true(!rows[1].running && rows[1].queued_at == fixture->now);
    assert_int_equal(rows[1].terms.priority, 74);
    assert_int_equal(rows[1].terms.expected_ms, 4000);
    assert_string_equal(rows[1].terms.budget, "shop");
    assert_int_equal(rows[1].terms.budget_ms_a_day, 60000);
    assert_string_equal(rows[1].terms.bound, "hosts");
    assert_int_equal(rows[1].terms.bound_most, 2);
    assert_string_equal(rows[1].wait.cause, "limit");
    assert_string_equal(rows[1].wait.text, wait.text);
    assert_string_equal(rows[1].wait.waits_for, "limit:hosts");
}

static void terms_and_causes_may_change(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_build_wait wait = {"places", "waits for a place", "places"};
    struct rb_err err;
    int64_t id = fixture_queue(fixture, fixture->app_id);
    set_terms(fixture, id, &(struct rb_build_terms){.priority = 10, .budget = "shop"});
    assert_ok(rb_store_set_build_wait(fixture->store, id, &wait, &err), &err);
    set_terms(fixture, id, &(struct rb_build_terms){.priority = 90});
    struct rb_queue_row row = read_row(fixture, id);
    assert_int_equal(row.terms.priority, 90);
    assert_null(row.terms.budget);
    assert_string_equal(row.wait.cause, "places");
    assert_int_equal(rb_store_set_build_terms(fixture->store, id,
                                              &(struct rb_build_terms){.priority = 101}, &err),
                     RB_EDB);
    assert_int_equal(rb_store_queued(fixture->store, 99, fixture->arena, &row, &err), RB_ENOTFOUND);
}

static void a_request_for_what_is_queued_joins_it(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    struct rb_request_row *requests;
    struct rb_build_row build;
    size_t count;
    bool joined = true;
    int64_t id = fixture_queue(fixture, fixture->app_id);
    set_terms(fixture, id, &(struct rb_build_terms){.priority = 10, .budget = "shop"});
    assert_ok(rb_store_join_requests(fixture->store, id, 70, &joined, &err), &err);
    assert_false(joined);
    assert_string_equal(read_row(fixture, id).terms.budget, "shop");
    assert_ok(rb_store_add_request(fixture->store, fixture->runtime_id, "bob", "no", &err), &err);
    assert_ok(rb_store_add_request(fixture->store, fixture->app_id, "ann", "now", &err), &err);
    assert_ok(rb_store_join_requests(fixture->store, id, 70, &joined, &err), &err);
    assert_true(joined);
    assert_int_equal(read_row(fixture, id).terms.priority, 70);
    assert_null(read_row(fixture, id).terms.budget);
    assert_ok(rb_store_build(fixture->store, id, fixture->arena, &build, &err), &err);
    assert_int_equal(build.reason_count, 2);
    assert_string_equal(build.reasons[1].kind, "manual");
    assert_string_equal(build.reasons[1].subject, "ann");
    assert_string_equal(build.reasons[1].to, "now");
    assert_string_equal(fixture_events(fixture, 1), "build.joined shop/app");
    assert_ok(rb_store_open_requests(fixture->store, fixture->arena, &requests, &count, &err),
              &err);
    assert_int_equal(count, 1); /* that for the other image */
    assert_ok(rb_store_join_requests(fixture->store, id, 70, &joined, &err), &err);
    assert_false(joined);
}

static void what_ended_is_counted_once_a_day(void **state)
{
    struct fixture *fixture = *state;
    const struct rb_build_terms shop = {.priority = 90, .budget = "shop"}, none = {.priority = 10};
    struct rb_err err;
    struct rb_build_use *uses;
    size_t count;
    run_build(fixture, &shop, RB_BUILD_SUCCEEDED, 1000); /* before */
    int64_t since_at = fixture->now;
    run_build(fixture, &shop, RB_BUILD_FAILED, 5000); /* three seconds of it yesterday */
    run_build(fixture, &shop, RB_BUILD_SUCCEEDED, 4000);
    run_build(fixture, &none, RB_BUILD_SUCCEEDED, 100);
    fixture_queue(fixture, fixture->app_id);
    assert_ok(rb_store_build_use(fixture->store, since_at, since_at + 3000, fixture->arena, &uses,
                                 &count, &err),
              &err);
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        bool is_shop = rb_text_equal(uses[i].budget, "shop");
        assert_string_equal(uses[i].pipeline, "shop");
        assert_int_equal(uses[i].priority, is_shop ? 90 : 10);
        assert_int_equal(uses[i].used_ms, is_shop ? 6000 : 100);
        assert_int_equal(uses[i].ended_at, is_shop ? fixture->now - 100 : fixture->now);
    }
}

static void what_a_build_takes_is_the_median_of_the_last(void **state)
{
    struct fixture *fixture = *state;
    static const int64_t SPANS_MS[] = {9, 9, 9, 70, 30, 10, 20, 60};
    const struct rb_build_terms terms = {.priority = 50};
    struct rb_err err;
    int64_t ms = -1;
    assert_ok(rb_store_expected_build_ms(fixture->store, fixture->app_id, &ms, &err), &err);
    assert_int_equal(ms, 0);
    for (size_t i = 0; i < sizeof(SPANS_MS) / sizeof(*SPANS_MS); i++)
        run_build(fixture, &terms, RB_BUILD_UNCHANGED, SPANS_MS[i]);
    run_build(fixture, &terms, RB_BUILD_FAILED, 1); /* says nothing of how long a good one takes */
    assert_ok(rb_store_expected_build_ms(fixture->store, fixture->app_id, &ms, &err), &err);
    assert_int_equal(ms, 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waits_and_runs_is_listed),
        TEST(terms_and_causes_may_change),
        TEST(a_request_for_what_is_queued_joins_it),
        TEST(what_ended_is_counted_once_a_day),
        TEST(what_a_build_takes_is_the_median_of_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
