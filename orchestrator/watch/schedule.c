/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/watch.h"

static const int64_t FIRST_WINDOW_MS = 5 * 1000;
static const int64_t SHORTEST_MS =
    1000; /* full jitter may draw zero: a dead server is not hit at once */
static const int64_t WIDEST_WINDOW_MS = 15 * 60 * 1000;
static const int64_t LONGEST_ASKED_MS = (int64_t)24 * 3600 * 1000;

static int64_t at_least(int64_t value, int64_t floor)
{
    return value < floor ? floor : value;
}

static int64_t after_success(int64_t every_ms, struct rb_random *random)
{
    int64_t jitter = every_ms / 10;
    return every_ms - jitter + (int64_t)rb_random_below(random, (uint64_t)jitter * 2 + 1);
}

static int64_t after_failures(int64_t every_ms, int failures, struct rb_random *random)
{
    int64_t widest = at_least(every_ms, WIDEST_WINDOW_MS);
    int64_t window = FIRST_WINDOW_MS;
    for (int i = 1; i < failures && window < widest; i++)
        window *= 2;
    if (window > widest)
        window = widest;
    return at_least((int64_t)rb_random_below(random, (uint64_t)window + 1), SHORTEST_MS);
}

int64_t rb_check_next_ms(int64_t every_ms, int failures, int64_t retry_after_ms,
                         struct rb_random *random)
{
    every_ms = at_least(every_ms, 0);
    int64_t delay =
        failures > 0 ? after_failures(every_ms, failures, random) : after_success(every_ms, random);
    if (retry_after_ms > LONGEST_ASKED_MS)
        retry_after_ms = LONGEST_ASKED_MS;
    return at_least(delay, retry_after_ms);
}
