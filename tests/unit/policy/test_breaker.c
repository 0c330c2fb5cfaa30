/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "breaker.h"

static void open_it(struct breaker *breaker, int64_t now_ms)
{
    for (int i = 0; i < breaker->failures_to_open; i++) {
        assert_true(breaker_take(breaker, now_ms));
        assert_int_equal(breaker_failed(breaker, now_ms), i == breaker->failures_to_open - 1);
    }
    assert_int_equal(breaker->state, BREAKER_OPEN);
}

static void failures_in_a_row_open_it(void **state)
{
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 3, 1000);
    assert_false(breaker_failed(&breaker, 0));
    assert_false(breaker_failed(&breaker, 0));
    assert_false(breaker_succeeded(&breaker)); /* it never was open */
    open_it(&breaker, 10);
    assert_false(breaker_take(&breaker, 10));
    assert_false(breaker_take(&breaker, 1009));
    assert_string_equal(breaker_state_name(&breaker), "resting");
}

static void one_probe_closes_it(void **state)
{
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 2, 1000);
    open_it(&breaker, 0);
    assert_true(breaker_take(&breaker, 1000));
    assert_false(breaker_take(&breaker, 1000)); /* one is enough */
    assert_string_equal(breaker_state_name(&breaker), "probing");
    assert_true(breaker_succeeded(&breaker));
    assert_true(breaker_take(&breaker, 1000));
    assert_int_equal(breaker.failures, 0);
}

static void each_rest_is_twice_as_long_to_a_bound(void **state)
{
    struct breaker breaker;
    int64_t now_ms = 0, rest_ms = 100;
    (void)state;
    breaker_init(&breaker, 1, rest_ms);
    open_it(&breaker, now_ms);
    for (int i = 0; i < 8; i++) {
        assert_false(breaker_take(&breaker, now_ms + rest_ms - 1));
        assert_true(breaker_take(&breaker, now_ms + rest_ms));
        now_ms += rest_ms;
        assert_false(breaker_failed(&breaker, now_ms)); /* it was known to be away */
        rest_ms = rest_ms * 2 > 1600 ? 1600 : rest_ms * 2;
    }
    assert_true(breaker_take(&breaker, now_ms + rest_ms));
    assert_true(breaker_succeeded(&breaker));
    assert_true(breaker_failed(&breaker, 0)); /* and from the beginning */
    assert_false(breaker_take(&breaker, 99));
    assert_true(breaker_take(&breaker, 100));
}

static void late_outcomes_of_earlier_questions_do_no_harm(void **state)
{
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 1, 100);
    open_it(&breaker, 0);
    assert_false(breaker_failed(&breaker, 50));
    assert_int_equal(breaker.until_ms, 100);  /* the rest does not begin anew */
    assert_true(breaker_succeeded(&breaker)); /* it did answer */
    assert_int_equal(breaker.state, BREAKER_CLOSED);
}

static void a_probe_that_is_given_up_lets_another(void **state)
{
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 1, 100);
    open_it(&breaker, 0);
    assert_true(breaker_take(&breaker, 100));
    breaker_given_up(&breaker, 120);
    assert_true(breaker_take(&breaker, 120));
    breaker_given_up(&breaker, 120);
    breaker_rested(&breaker, 120);
    assert_true(breaker_take(&breaker, 120));
}

static void a_rest_can_be_cut_short(void **state)
{
    struct breaker breaker;
    (void)state;
    breaker_init(&breaker, 1, 100);
    breaker_rested(&breaker, 0);
    assert_int_equal(breaker.state, BREAKER_CLOSED);
    open_it(&breaker, 0);
    breaker_rested(&breaker, 1);
    assert_true(breaker_take(&breaker, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_in_a_row_open_it),
        cmocka_unit_test(one_probe_closes_it),
        cmocka_unit_test(each_rest_is_twice_as_long_to_a_bound),
        cmocka_unit_test(late_outcomes_of_earlier_questions_do_no_harm),
        cmocka_unit_test(a_probe_that_is_given_up_lets_another),
        cmocka_unit_test(a_rest_can_be_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
