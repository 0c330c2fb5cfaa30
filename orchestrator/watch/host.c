/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/host.h"

#include "rebake/watch/schedule.h"

static const int64_t LONGEST_DOWN_MS = 15 * 60 * 1000;
static const int64_t LONGEST_SPREAD_MS = 15 * 60 * 1000;
static const int64_t LONGEST_SILENCE_MS = (int64_t)24 * 3600 * 1000;
/* A check that cost many requests is paid for by those that follow, up to so many seconds. */
static const int64_t LONGEST_DEBT_MS = 10 * 1000;

const char *rb_host_state_name(enum rb_host_state state)
{
    static const char *const names[] = {
        [RB_HOST_UP] = "up", [RB_HOST_DOWN] = "down", [RB_HOST_PROBING] = "probing"};
    return names[state];
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t token_ms(const struct rb_host_limits *limits)
{
    return 1000 / limits->per_second;
}

int64_t rb_host_ready_at(const struct rb_host *host, const struct rb_host_limits *limits,
                         bool asked)
{
    bool is_alone = host->state == RB_HOST_PROBING || (host->spread_ms > 0 && host->under_way > 0);
    if (host->under_way >= limits->at_once || (is_alone && !asked))
        return INT64_MAX;
    int64_t at = host->paid_until - (limits->burst - 1) * token_ms(limits);
    at = later(at, host->limited_until);
    if (asked)
        return at;
    at = later(at, host->spread_until);
    return host->state == RB_HOST_DOWN ? later(at, host->down_until) : at;
}

/* The bucket as the time when it is full again (the generic cell rate algorithm, ITU-T I.371). */
static void pay(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                int64_t requests)
{
    int64_t most = now + limits->burst * token_ms(limits) + LONGEST_DEBT_MS;
    host->paid_until = later(host->paid_until, now) + requests * token_ms(limits);
    if (host->paid_until > most)
        host->paid_until = most;
}

bool rb_host_begin(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                   bool asked)
{
    bool probe = host->state == RB_HOST_DOWN && (!asked || now >= host->down_until);
    host->under_way++;
    pay(host, limits, now, 1);
    if (probe)
        host->state = RB_HOST_PROBING;
    return probe;
}

static void take_failure(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                         bool probe, struct rb_random *random)
{
    if (host->failures < INT32_MAX)
        host->failures++;
    bool goes_down = host->state == RB_HOST_UP && host->failures >= limits->failures;
    if (!goes_down && !probe)
        return;
    int beyond = host->failures - limits->failures + 1;
    host->state = RB_HOST_DOWN;
    host->down_until = now + rb_backoff_ms(beyond > 1 ? beyond : 1, LONGEST_DOWN_MS, random);
}

/* Less than a quarter of what it takes; of a whole that is not known, less than a few. */
static bool is_little(const struct rb_http_limit *limit)
{
    enum { FEW = 20 };
    return limit->total > 0 ? limit->remaining * 4 < limit->total : limit->remaining < FEW;
}

/* What is left must last for the window. Only a check after which less was left than before has
   cost any of it: Docker Hub counts no HEAD. */
static void take_allowance(struct rb_host *host, int64_t now, const struct rb_http_limit *limit)
{
    bool is_known = now < host->limit_until;
    if (limit->window_ms <= 0) {
        if (!is_known)
            host->spread_ms = 0;
        return;
    }
    bool has_cost = is_known && limit->remaining < host->limit.remaining;
    int64_t apart_ms = limit->window_ms / (limit->remaining + 1);
    host->limit = *limit;
    host->limit_until = now + limit->window_ms;
    host->spread_ms = 0;
    if (is_little(limit))
        host->spread_ms = apart_ms < LONGEST_SPREAD_MS ? apart_ms : LONGEST_SPREAD_MS;
    if (host->spread_ms == 0)
        host->spread_until = 0;
    else if (has_cost)
        host->spread_until = later(host->spread_until, now + host->spread_ms);
}

/* It asked for silence and not for how long: longer each time that one has not helped. What other
   checks hear meanwhile is the same refusal. */
static void take_bare_limit(struct rb_host *host, int64_t now, struct rb_random *random)
{
    if (now < host->limited_until)
        return;
    if (host->limits < INT32_MAX)
        host->limits++;
    host->limited_until = now + rb_backoff_ms(host->limits, LONGEST_DOWN_MS, random);
}

static void take_limit(struct rb_host *host, int64_t now, int64_t retry_after_ms)
{
    if (retry_after_ms > LONGEST_SILENCE_MS)
        retry_after_ms = LONGEST_SILENCE_MS;
    host->limited_until = later(host->limited_until, now + retry_after_ms);
}

void rb_host_end(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                 const struct rb_host_answer *answer, struct rb_random *random)
{
    host->under_way--;
    if (answer->requests > 1)
        pay(host, limits, now, answer->requests - 1);
    if (answer->retry_after_ms > 0)
        take_limit(host, now, answer->retry_after_ms);
    else if (answer->trouble == RB_TROUBLE_LIMITED)
        take_bare_limit(host, now, random);
    if (answer->trouble == RB_TROUBLE_NONE)
        host->limits = 0;
    take_allowance(host, now, &answer->limit);
    if (answer->trouble == RB_TROUBLE_UNREACHABLE) {
        take_failure(host, limits, now, answer->probe, random);
    } else if (answer->trouble != RB_TROUBLE_OURS) {
        host->state = RB_HOST_UP;
        host->failures = 0;
    } else if (answer->probe) {
        host->state = RB_HOST_DOWN;
        host->down_until = now + rb_backoff_ms(1, LONGEST_DOWN_MS, random);
    }
}

void rb_host_cancel(struct rb_host *host, int64_t now, bool probe)
{
    host->under_way--;
    if (!probe || host->state != RB_HOST_PROBING)
        return;
    host->state = RB_HOST_DOWN;
    host->down_until = now;
}
