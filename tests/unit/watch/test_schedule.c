/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/watch/schedule.h"

enum { DRAWS = 20000, SECOND = 1000, MINUTE = 60 * 1000 };

struct spread {
    int64_t smallest;
    int64_t largest;
    int64_t mean;
};

static struct spread draw(int64_t every_ms, int failures, int64_t retry_after_ms)
{
    struct rb_random random;
    rb_random_seed(&random, 17);
    struct spread spread = {.smallest = INT64_MAX, .largest = INT64_MIN};
    int64_t sum = 0;
    for (int i = 0; i < DRAWS; i++) {
        int64_t next = rb_check_next_ms(every_ms, failures, retry_after_ms, &random);
        sum += next;
        spread.smallest = next < spread.smallest ? next : spread.smallest;
        spread.largest = next > spread.largest ? next : spread.largest;
    }
    spread.mean = sum / DRAWS;
    return spread;
}

static void assert_near(int64_t value, int64_t expected, int64_t percent)
{
    assert_in_range(value, expected - expected * percent / 100,
                    expected + expected * percent / 100);
}

static void after_success_the_interval_has_ten_percent_jitter(void **state)
{
    (void)state;
    struct spread spread = draw(MINUTE, 0, -1);
    assert_in_range(spread.smallest, 54 * SECOND, 54 * SECOND + 100);
    assert_in_range(spread.largest, 66 * SECOND - 100, 66 * SECOND);
    assert_near(spread.mean, MINUTE, 1);
}

/* Full jitter: uniform from (nearly) zero to a window that doubles up to its bound. */
static void after_failures_the_window_doubles_to_its_bound(void **state)
{
    (void)state;
    static const struct {
        int64_t every_ms;
        int failures;
        int64_t window_ms;
    } CASES[] = {
        {MINUTE, 1, 5 * SECOND},          {MINUTE, 2, 10 * SECOND},
        {MINUTE, 3, 20 * SECOND},         {MINUTE, 8, 640 * SECOND},
        {MINUTE, 9, 15 * MINUTE},         {MINUTE, 1000, 15 * MINUTE},
        {SECOND, INT32_MAX, 15 * MINUTE}, {60 * MINUTE, 8, 640 * SECOND},
        {60 * MINUTE, 11, 60 * MINUTE},   {60 * MINUTE, 50, 60 * MINUTE},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct spread spread = draw(CASES[i].every_ms, CASES[i].failures, -1);
        assert_true(spread.smallest >= SECOND);
        assert_true(spread.smallest < SECOND + CASES[i].window_ms / 100);
        assert_true(spread.largest <= CASES[i].window_ms);
        assert_true(spread.largest > CASES[i].window_ms * 99 / 100);
        assert_near(spread.mean, CASES[i].window_ms / 2,
                    CASES[i].window_ms <= 10 * SECOND ? 10 : 3);
    }
}

static void many_clients_do_not_come_back_together(void **state)
{
    (void)state;
    enum { CLIENTS = 1000, SLOTS = 10 };
    int slots[SLOTS] = {0};
    for (int i = 0; i < CLIENTS; i++) {
        struct rb_random random;
        rb_random_seed(&random, (uint64_t)i);
        slots[rb_check_next_ms(MINUTE, 10, -1, &random) * SLOTS / (15 * MINUTE + 1)]++;
    }
    for (int i = 0; i < SLOTS; i++)
        assert_in_range(slots[i], CLIENTS / SLOTS / 2, CLIENTS / SLOTS * 2);
}

static void what_the_server_asks_for_is_the_least(void **state)
{
    (void)state;
    assert_true(draw(MINUTE, 1, 90 * SECOND).smallest == 90 * SECOND);
    assert_true(draw(MINUTE, 0, 3600 * SECOND).smallest == 3600 * SECOND);
    assert_true(draw(MINUTE, 0, 0).smallest >= 54 * SECOND);
    /* but no server may silence us for good */
    assert_true(draw(MINUTE, 3, INT64_MAX).largest == (int64_t)24 * 3600 * SECOND);
}

static void tiny_and_huge_intervals_hold(void **state)
{
    (void)state;
    assert_true(draw(0, 0, -1).largest == 0);
    assert_true(draw(1, 0, -1).largest == 1);
    int64_t year = (int64_t)365 * 86400 * SECOND;
    assert_near(draw(year, 0, -1).mean, year, 1);
    assert_true(draw(year, 100, -1).largest <= year);
}

static void a_quiet_source_is_asked_less_often_within_bounds(void **state)
{
    (void)state;
    int64_t last = 0;
    for (int64_t age = 0; age < 100 * 3600 * SECOND; age += 17 * SECOND) {
        int64_t interval = rb_check_interval_ms(MINUTE, age);
        assert_true(interval >= MINUTE && interval <= RB_CHECK_SLOWEST * MINUTE);
        assert_true(interval >= last);
        last = interval;
    }
    assert_int_equal(last, RB_CHECK_SLOWEST * MINUTE);
    assert_int_equal(rb_check_interval_ms(MINUTE, 0), MINUTE);
    assert_int_equal(rb_check_interval_ms(MINUTE, RB_CHECKS_PER_AGE * 2 * MINUTE), 2 * MINUTE);
    assert_int_equal(rb_check_interval_ms(0, INT64_MAX), 0);
    assert_int_equal(rb_check_interval_ms(MINUTE, -5), MINUTE); /* a clock that was set back */
}

/* A source that changes once in `period` is seen to have within a fraction of that. */
static void what_changes_is_seen_in_time(void **state)
{
    (void)state;
    for (int64_t period = 10 * MINUTE; period < 1000 * MINUTE; period *= 2) {
        int64_t worst = 0, checked_at = 0, changed_at = 0, checks = 0;
        for (; changed_at < 20 * period; checks++) {
            checked_at += rb_check_interval_ms(MINUTE, checked_at - changed_at);
            if (checked_at < changed_at + period)
                continue;
            worst =
                checked_at - changed_at - period > worst ? checked_at - changed_at - period : worst;
            changed_at += period;
        }
        assert_true(worst <=
                    (period / RB_CHECKS_PER_AGE > MINUTE ? period / RB_CHECKS_PER_AGE : MINUTE) *
                        11 / 10);
        assert_true(checks <= 20 * period / MINUTE + 20);
    }
}

static void what_was_overdue_is_spread(void **state)
{
    (void)state;
    struct rb_random random;
    rb_random_seed(&random, 3);
    enum { SOURCES = 10000, SLOTS = 10 };
    int slots[SLOTS] = {0};
    for (int i = 0; i < SOURCES; i++)
        slots[rb_check_spread_ms(SOURCES, 50, 3600 * SECOND, &random) * SLOTS /
              (SOURCES * 40 + 1)]++;
    for (int i = 0; i < SLOTS; i++)
        assert_in_range(slots[i], SOURCES / SLOTS * 8 / 10, SOURCES / SLOTS * 12 / 10);
    for (int i = 0; i < SOURCES; i++) {
        assert_true(rb_check_spread_ms(SOURCES, 50, MINUTE, &random) <= MINUTE);
        assert_true(rb_check_spread_ms(1, 50, MINUTE, &random) <= 40);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_success_the_interval_has_ten_percent_jitter),
        cmocka_unit_test(after_failures_the_window_doubles_to_its_bound),
        cmocka_unit_test(many_clients_do_not_come_back_together),
        cmocka_unit_test(what_the_server_asks_for_is_the_least),
        cmocka_unit_test(tiny_and_huge_intervals_hold),
        cmocka_unit_test(a_quiet_source_is_asked_less_often_within_bounds),
        cmocka_unit_test(what_changes_is_seen_in_time),
        cmocka_unit_test(what_was_overdue_is_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
