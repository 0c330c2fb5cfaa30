/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/schedule.h"

static const int64_t FIRST_WINDOW_MS = 5 * 1000;
static const int64_t SHORTEST_MS =
    1000; /* full jitter may draw zero: a dead server is not hit at once */
static const int64_t WIDEST_WINDOW_MS = 15 * 60 * 1000;
static const int64_t LONGEST_ASKED_MS = (int64_t)24 * 3600 * 1000;

static int64_t at_least(int64_t value, int64_t floor)
{
    return value < floor ? floor : value;
}

static int64_t at_most(int64_t value, int64_t ceiling)
{
    return value > ceiling ? ceiling : value;
}

static int64_t around(int64_t interval_ms, struct rb_random *random)
{
    int64_t jitter = interval_ms / 10;
    return interval_ms - jitter + (int64_t)rb_random_below(random, (uint64_t)jitter * 2 + 1);
}

int64_t rb_check_interval_ms(int64_t every_ms, int64_t age_ms)
{
    every_ms = at_least(every_ms, 0);
    return at_most(at_least(age_ms / RB_CHECKS_PER_AGE, every_ms), every_ms * RB_CHECK_SLOWEST);
}

int64_t rb_backoff_ms(int failures, int64_t widest_ms, struct rb_random *random)
{
    int64_t window = FIRST_WINDOW_MS;
    for (int i = 1; i < failures && window < widest_ms; i++)
        window *= 2;
    window = at_most(window, widest_ms);
    return at_least((int64_t)rb_random_below(random, (uint64_t)window + 1), SHORTEST_MS);
}

int64_t rb_check_next_ms(int64_t interval_ms, int failures, int64_t retry_after_ms,
                         struct rb_random *random)
{
    interval_ms = at_least(interval_ms, 0);
    int64_t delay = failures > 0
                        ? rb_backoff_ms(failures, at_least(interval_ms, WIDEST_WINDOW_MS), random)
                        : around(interval_ms, random);
    return at_least(delay, at_most(retry_after_ms, LONGEST_ASKED_MS));
}

int64_t rb_check_spread_ms(size_t overdue, int per_second, int64_t every_ms,
                           struct rb_random *random)
{
    int64_t window = (int64_t)overdue * 2000 / at_least(per_second, 1);
    window = at_least(at_most(window, every_ms), 0);
    return (int64_t)rb_random_below(random, (uint64_t)window + 1);
}
