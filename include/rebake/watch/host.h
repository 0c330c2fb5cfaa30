/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a host that sources live on can bear, whichever of them is asked: so many checks at once, so
 * many requests a second (a token bucket), silence when it asked for that (Retry-After and its
 * like), what is left of its allowance spread over the time that it must last (RateLimit headers
 * and their like), and no more than a single probe when it has stopped to answer (a circuit
 * breaker):
 *
 *            unreachable, several times in a row
 *      UP ─────────────────────────────────────▶ DOWN ◀── unreachable ──┐
 *      ▲                                           │                    │
 *      │                          its time is over, and one check began │
 *      │                                           ▼                    │
 *      └──────────── any answer ─────────────── PROBING ────────────────┘
 *
 * Pure: times are milliseconds of one steady clock, which the caller reads.
 */
#ifndef REBAKE_WATCH_HOST_H
#define REBAKE_WATCH_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/random.h"
#include "rebake/watch/watch.h"

struct rb_host_limits {
    int at_once;    /* checks under way */
    int per_second; /* requests, in the long run; 1 to 1000 */
    int burst;      /* and so many at once after a rest */
    int failures;   /* unreachable so often in a row, it is down */
};

enum rb_host_state { RB_HOST_UP, RB_HOST_DOWN, RB_HOST_PROBING };

struct rb_host {
    enum rb_host_state state;
    int under_way;
    int failures;               /* unreachable, in a row */
    int64_t down_until;         /* in DOWN */
    int limits;                 /* it asked for silence without saying how long, in a row */
    int64_t limited_until;      /* it asked for silence; 0: never */
    struct rb_http_limit limit; /* its last word on its allowance; window_ms 0: none */
    int64_t limit_until;        /* when that is old */
    int64_t spread_ms;    /* little is left: one check at a time, and so far apart; 0: enough */
    int64_t spread_until; /* the last one cost some of it; 0: it did not */
    int64_t paid_until;   /* when the bucket is full again */
};

/* "up", "down", "probing". */
const char *rb_host_state_name(enum rb_host_state state);

/* The first time when one more check may begin; INT64_MAX: not before one that is under way has
   ended. asked: by a person or a webhook, who may know better than the breaker, and for whom the
   last of an allowance is. */
int64_t rb_host_ready_at(const struct rb_host *host, const struct rb_host_limits *limits,
                         bool asked);

/* A check begins. True: it is the probe. */
bool rb_host_begin(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                   bool asked);

/* How a check ended, as far as its host is concerned. */
struct rb_host_answer {
    enum rb_trouble trouble;
    int requests;               /* the first was paid for when it began */
    int64_t retry_after_ms;     /* 0: it asked for none; after LIMITED a while is taken */
    struct rb_http_limit limit; /* zeroed: nothing is said */
    bool probe;
};
void rb_host_end(struct rb_host *host, const struct rb_host_limits *limits, int64_t now,
                 const struct rb_host_answer *answer, struct rb_random *random);
/* It was given up: nothing is known. */
void rb_host_cancel(struct rb_host *host, int64_t now, bool probe);

#endif
