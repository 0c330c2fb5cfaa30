/* SPDX-License-Identifier: Apache-2.0 */
/* An approval is a person's, for a key, and for a time. */
#include "rebake/store/approvals.h"

#include "fixture.h"
#include "rebake/store/events.h"

static void approve(struct fixture *fixture, const char *key, const char *who, int64_t until_at)
{
    struct rb_err err;
    struct rb_approval_row row = {
        .subject = "shop/app", .key = key, .who = who, .why = "because", .until_at = until_at};
    assert_ok(rb_store_approve(fixture->store, &row, &err), &err);
}

static size_t count_of(struct fixture *fixture, const char *key)
{
    struct rb_err err;
    struct rb_approval_row *rows;
    size_t count;
    assert_ok(
        rb_store_approvals(fixture->store, "shop/app", key, fixture->arena, &rows, &count, &err),
        &err);
    return count;
}

static void each_person_counts_once(void **state)
{
    struct fixture *fixture = *state;
    struct rb_err err;
    approve(fixture, "k1", "user:ann", 0);
    approve(fixture, "k1", "user:ann", 0);
    approve(fixture, "k1", "user:bob", 0);
    assert_int_equal(count_of(fixture, "k1"), 2);
    assert_int_equal(count_of(fixture, "k2"), 0);
    assert_ok(rb_store_withdraw_approval(fixture->store, "shop/app", "user:ann", &err), &err);
    assert_int_equal(count_of(fixture, "k1"), 1);
    assert_int_equal(rb_store_withdraw_approval(fixture->store, "shop/app", "user:ann", &err),
                     RB_ENOTFOUND);
}

static void another_key_wants_another_approval(void **state)
{
    struct fixture *fixture = *state;
    approve(fixture, "k1", "user:ann", 0);
    approve(fixture, "k1", "user:bob", 0);
    approve(fixture, "k2", "user:ann", 0);
    assert_int_equal(count_of(fixture, "k1"), 0);
    assert_int_equal(count_of(fixture, "k2"), 1);
    assert_int_equal(count_of(fixture, NULL), 1);
}

static void one_that_is_over_does_not_count(void **state)
{
    struct fixture *fixture = *state;
    approve(fixture, "k1", "user:ann", fixture->now + 1000);
    assert_int_equal(count_of(fixture, "k1"), 1);
    fixture->now += 1000;
    assert_int_equal(count_of(fixture, "k1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_person_counts_once, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(another_key_wants_another_approval, fixture_setup,
                                        fixture_teardown),
        cmocka_unit_test_setup_teardown(one_that_is_over_does_not_count, fixture_setup,
                                        fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
