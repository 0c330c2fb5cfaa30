/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circuit breaker of one endpoint. It knows no clock: the time is given, in milliseconds that
 * only grow.
 *
 *                      ┌──────── a success ────────────┐
 *                      ▼                               │
 *     CLOSED ──failures in a row──▶ OPEN ──rested──▶ PROBING (one question at a time)
 *                                    ▲                 │
 *                                    └── a failure ────┘ (and rests twice as long)
 */
#ifndef ORCHESTRATOR_POLICY_BREAKER_H
#define ORCHESTRATOR_POLICY_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_PROBING };

enum { BREAKER_REST_FACTOR = 16 }; /* the longest rest, as so many times the first */

struct breaker {
    int failures_to_open;
    int64_t first_rest_ms;
    unsigned state; /* enum breaker_state */
    int failures;   /* in a row */
    int64_t rest_ms;
    int64_t until_ms; /* OPEN: left alone until then */
};

void breaker_init(struct breaker *breaker, int failures_to_open, int64_t first_rest_ms);

/* May the endpoint be asked now? Then it counts as asked: an outcome, or that the question was
   given up, must follow. */
bool breaker_take(struct breaker *breaker, int64_t now_ms);
/* True when the breaker closed by it. */
bool breaker_succeeded(struct breaker *breaker);
/* True when the breaker opened by it. */
bool breaker_failed(struct breaker *breaker, int64_t now_ms);
/* The question was cancelled: another may probe. */
void breaker_given_up(struct breaker *breaker, int64_t now_ms);
/* "up", "resting" or "probing". */
const char *breaker_state_name(const struct breaker *breaker);
/* The rest is over now. */
void breaker_rested(struct breaker *breaker, int64_t now_ms);

#endif
