/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/watch/host.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

static const struct rb_host_limits LIMITS = {
    .at_once = 4, .per_second = 10, .burst = 5, .failures = 3};

static const struct rb_host_answer GOOD = {.requests = 1, .retry_after_ms = -1};
static const struct rb_host_answer LOST = {
    .trouble = RB_TROUBLE_UNREACHABLE, .requests = 1, .retry_after_ms = -1};

static struct rb_random random_of(uint64_t seed)
{
    struct rb_random random;
    rb_random_seed(&random, seed);
    return random;
}

static void check(struct rb_host *host, int64_t now, struct rb_host_answer answer)
{
    struct rb_random random = random_of((uint64_t)now);
    answer.probe = rb_host_begin(host, &LIMITS, now, false);
    rb_host_end(host, &LIMITS, now, &answer, &random);
}

/* In no span of time are there more requests than the bucket holds and what has flown into it. */
static void the_bucket_holds_over_any_span(void **state)
{
    (void)state;
    enum { CHECKS = 2000 };
    static int64_t at[CHECKS];
    struct rb_host host = {0};
    struct rb_random random = random_of(9);
    int64_t now = 1;
    for (int i = 0; i < CHECKS; i++) {
        if (rb_random_below(&random, 10) == 0)
            now += (int64_t)rb_random_below(&random, 3 * SECOND);
        int64_t ready = rb_host_ready_at(&host, &LIMITS, false);
        now = now > ready ? now : ready;
        check(&host, now, GOOD);
        at[i] = now;
    }
    for (int first = 0; first < CHECKS; first += 7) {
        for (int last = first; last < CHECKS && last < first + 300; last++)
            assert_true(last - first + 1 <=
                        LIMITS.burst + (at[last] - at[first]) * LIMITS.per_second / SECOND + 1);
    }
}

static void many_requests_of_a_check_are_paid_for(void **state)
{
    (void)state;
    struct rb_host host = {0};
    struct rb_host_answer dear = GOOD;
    dear.requests = 25;
    check(&host, SECOND, dear);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), SECOND + 2100);
    dear.requests = INT32_MAX;
    check(&host, 10 * SECOND, dear);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) <= 21 * SECOND);
}

static void only_so_many_at_once(void **state)
{
    (void)state;
    struct rb_host host = {0};
    for (int i = 0; i < LIMITS.at_once; i++) {
        assert_true(rb_host_ready_at(&host, &LIMITS, false) <= SECOND);
        assert_false(rb_host_begin(&host, &LIMITS, SECOND, false));
    }
    assert_true(rb_host_ready_at(&host, &LIMITS, false) == INT64_MAX);
    assert_true(rb_host_ready_at(&host, &LIMITS, true) == INT64_MAX);
    rb_host_cancel(&host, SECOND, false);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) < INT64_MAX);
}

static void silence_is_kept_by_all_whoever_asks(void **state)
{
    (void)state;
    struct rb_host host = {0};
    struct rb_host_answer limited = {
        .trouble = RB_TROUBLE_LIMITED, .requests = 1, .retry_after_ms = 90 * SECOND};
    check(&host, SECOND, limited);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), 91 * SECOND);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, true), 91 * SECOND);
    limited.retry_after_ms = 10; /* a shorter one does not take the longer one back */
    check(&host, 2 * SECOND, limited);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), 91 * SECOND);
    limited.retry_after_ms = 0; /* no word: some seconds */
    check(&host, 100 * SECOND, limited);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) >= 101 * SECOND);
    limited.retry_after_ms = INT64_MAX;
    check(&host, 200 * SECOND, limited);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false),
                     200 * SECOND + (int64_t)24 * 3600 * SECOND);
}

/* The longest that a silence of no said length becomes when the host refuses after each one. */
static void a_host_that_does_not_say_how_long_is_left_alone_for_longer(void **state)
{
    (void)state;
    struct rb_host host = {0};
    const struct rb_host_answer limited = {.trouble = RB_TROUBLE_LIMITED, .requests = 1};
    int64_t now = SECOND, longest_ms = 0;
    for (int i = 0; i < 20; i++) {
        check(&host, now, limited);
        int64_t until = host.limited_until;
        assert_true(until >= now + SECOND && until <= now + 15 * MINUTE);
        check(&host, now, limited); /* of the same moment: that is nothing new */
        assert_true(host.limited_until == until);
        longest_ms = until - now > longest_ms ? until - now : longest_ms;
        now = until;
    }
    assert_true(longest_ms > 2 * MINUTE);
    check(&host, now, GOOD);
    check(&host, now, limited);
    assert_true(host.limited_until <= now + 5 * SECOND);
}

/* A good answer can say that it was the last one for a while. */
static void a_spent_allowance_is_silence_too(void **state)
{
    (void)state;
    struct rb_host host = {0};
    struct rb_host_answer last = GOOD;
    last.retry_after_ms = 30 * SECOND;
    check(&host, SECOND, last);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), 31 * SECOND);
    assert_int_equal(host.state, RB_HOST_UP);
}

static struct rb_host_answer leaving(int64_t remaining)
{
    struct rb_host_answer answer = GOOD;
    answer.limit = (struct rb_http_limit){.remaining = remaining, .total = 100, .window_ms = HOUR};
    return answer;
}

static void the_last_of_an_allowance_is_spread_over_its_window(void **state)
{
    (void)state;
    struct rb_host host = {0};
    int64_t now = 1000 * SECOND;
    check(&host, now, leaving(30));
    check(&host, now, leaving(29)); /* plenty */
    assert_true(rb_host_ready_at(&host, &LIMITS, false) <= now + SECOND);
    check(&host, now, leaving(19));
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), now + 3 * MINUTE);
    assert_true(rb_host_ready_at(&host, &LIMITS, true) <= now + SECOND); /* a person's */
    now += 3 * MINUTE;
    (void)rb_host_begin(&host, &LIMITS, now, false);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) == INT64_MAX); /* one by one */
    struct rb_random random = random_of(1);
    struct rb_host_answer answer = leaving(19); /* it cost nothing, as a HEAD at Docker Hub */
    rb_host_end(&host, &LIMITS, now, &answer, &random);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) <= now);
    check(&host, now, leaving(0));
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), now + 15 * MINUTE);
    check(&host, now, leaving(100)); /* the window is over */
    assert_true(rb_host_ready_at(&host, &LIMITS, false) <= now + SECOND);
}

/* A server that says nothing more is believed for as long as its last word said. */
static void a_word_on_an_allowance_grows_old(void **state)
{
    (void)state;
    struct rb_host host = {0};
    int64_t now = 1000 * SECOND;
    check(&host, now, leaving(11));
    assert_true(host.spread_ms > 0);
    assert_true(host.spread_until == 0); /* whether that one cost any is not known */
    check(&host, now + MINUTE, GOOD);
    assert_true(host.spread_ms > 0);
    check(&host, now + HOUR, GOOD);
    assert_true(host.spread_ms == 0);
}

static void it_goes_down_and_one_probe_brings_it_up(void **state)
{
    (void)state;
    struct rb_host host = {0};
    check(&host, 1 * SECOND, LOST);
    check(&host, 2 * SECOND, LOST);
    assert_int_equal(host.state, RB_HOST_UP);
    check(&host, 3 * SECOND, LOST);
    assert_int_equal(host.state, RB_HOST_DOWN);
    assert_in_range(host.down_until, 4 * SECOND, 8 * SECOND);
    assert_int_equal(rb_host_ready_at(&host, &LIMITS, false), host.down_until);
    assert_true(rb_host_ready_at(&host, &LIMITS, true) <= 4 * SECOND);
    int64_t now = host.down_until;
    assert_true(rb_host_begin(&host, &LIMITS, now, false));
    assert_int_equal(host.state, RB_HOST_PROBING);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) == INT64_MAX);
    struct rb_random random = random_of(1);
    struct rb_host_answer answer = LOST;
    answer.probe = true;
    rb_host_end(&host, &LIMITS, now, &answer, &random);
    assert_int_equal(host.state, RB_HOST_DOWN);
    now = host.down_until;
    assert_true(rb_host_begin(&host, &LIMITS, now, false));
    answer = (struct rb_host_answer){
        .trouble = RB_TROUBLE_VANISHED, .requests = 1, .retry_after_ms = -1, .probe = true};
    rb_host_end(&host, &LIMITS, now, &answer, &random);
    assert_int_equal(host.state, RB_HOST_UP); /* it answered, if only to say no */
    assert_int_equal(host.failures, 0);
}

static void a_probe_that_tells_nothing_is_followed_by_another(void **state)
{
    (void)state;
    struct rb_host host = {.state = RB_HOST_DOWN, .failures = 3, .down_until = SECOND};
    struct rb_random random = random_of(1);
    assert_true(rb_host_begin(&host, &LIMITS, SECOND, false));
    rb_host_cancel(&host, SECOND, true);
    assert_int_equal(host.state, RB_HOST_DOWN);
    assert_true(rb_host_ready_at(&host, &LIMITS, false) <= SECOND);
    assert_true(rb_host_begin(&host, &LIMITS, SECOND, false));
    const struct rb_host_answer ours = {
        .trouble = RB_TROUBLE_OURS, .requests = 0, .retry_after_ms = -1, .probe = true};
    rb_host_end(&host, &LIMITS, SECOND, &ours, &random);
    assert_int_equal(host.state, RB_HOST_DOWN);
    assert_in_range(host.down_until, 2 * SECOND, 6 * SECOND);
}

/* Whatever happens, a host is never left without a way to be asked again. */
static void any_history_leads_back(void **state)
{
    (void)state;
    struct rb_random random = random_of(21);
    for (int run = 0; run < 200; run++) {
        struct rb_host host = {0};
        bool probes[4] = {false};
        int64_t now = 1;
        for (int step = 0; step < 200; step++) {
            now += (int64_t)rb_random_below(&random, 2 * MINUTE);
            bool asked = rb_random_below(&random, 5) == 0;
            if (host.under_way > 0 && rb_random_below(&random, 2) == 0) {
                bool probe = probes[host.under_way - 1];
                const struct rb_host_answer answer = {
                    .trouble = (enum rb_trouble)rb_random_below(&random, RB_TROUBLE_OURS + 1),
                    .requests = (int)rb_random_below(&random, 5),
                    .retry_after_ms = (int64_t)rb_random_below(&random, MINUTE) - 1,
                    .limit = {.remaining = (int64_t)rb_random_below(&random, 30),
                              .window_ms = (int64_t)rb_random_below(&random, HOUR)},
                    .probe = probe};
                if (rb_random_below(&random, 4) == 0)
                    rb_host_cancel(&host, now, probe);
                else
                    rb_host_end(&host, &LIMITS, now, &answer, &random);
            } else if (rb_host_ready_at(&host, &LIMITS, asked) <= now) {
                probes[host.under_way] = rb_host_begin(&host, &LIMITS, now, asked);
            }
            assert_in_range(host.under_way, 0, LIMITS.at_once);
        }
        while (host.under_way > 0)
            rb_host_cancel(&host, now, probes[host.under_way - 1]);
        assert_true(rb_host_ready_at(&host, &LIMITS, false) <= now + (int64_t)24 * 3600 * SECOND);
        assert_int_not_equal(host.state, RB_HOST_PROBING);
    }
}

static void a_trouble_and_its_word_are_one(void **state)
{
    (void)state;
    for (unsigned i = 0; i <= RB_TROUBLE_OURS; i++)
        assert_int_equal(rb_trouble_from_name(rb_trouble_name((enum rb_trouble)i)), i);
    assert_int_equal(rb_trouble_from_name("no such word"), RB_TROUBLE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_bucket_holds_over_any_span),
        cmocka_unit_test(many_requests_of_a_check_are_paid_for),
        cmocka_unit_test(only_so_many_at_once),
        cmocka_unit_test(silence_is_kept_by_all_whoever_asks),
        cmocka_unit_test(a_host_that_does_not_say_how_long_is_left_alone_for_longer),
        cmocka_unit_test(a_spent_allowance_is_silence_too),
        cmocka_unit_test(the_last_of_an_allowance_is_spread_over_its_window),
        cmocka_unit_test(a_word_on_an_allowance_grows_old),
        cmocka_unit_test(it_goes_down_and_one_probe_brings_it_up),
        cmocka_unit_test(a_probe_that_tells_nothing_is_followed_by_another),
        cmocka_unit_test(any_history_leads_back),
        cmocka_unit_test(a_trouble_and_its_word_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
