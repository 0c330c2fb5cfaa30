/* SPDX-License-Identifier: Apache-2.0 */
#include "breaker.h"

#include "rebake/loop/state.h"

static const struct rb_state_table STATES = {
    .name = "breaker",
    .count = 3,
    .states = {
        [BREAKER_CLOSED] = {"up", RB_STATE_BIT(BREAKER_OPEN)},
        [BREAKER_OPEN] = {"resting", RB_STATE_BIT(BREAKER_PROBING) | RB_STATE_BIT(BREAKER_CLOSED)},
        [BREAKER_PROBING] = {"probing",
                             RB_STATE_BIT(BREAKER_OPEN) | RB_STATE_BIT(BREAKER_CLOSED)}}};

void breaker_init(struct breaker *breaker, int failures_to_open, int64_t first_rest_ms)
{
    *breaker = (struct breaker){.failures_to_open = failures_to_open,
                                .first_rest_ms = first_rest_ms,
                                .rest_ms = first_rest_ms};
}

bool breaker_take(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_CLOSED)
        return true;
    if (breaker->state == BREAKER_PROBING || now_ms < breaker->until_ms)
        return false;
    rb_state_move(&STATES, &breaker->state, BREAKER_PROBING);
    return true;
}

bool breaker_succeeded(struct breaker *breaker)
{
    breaker->failures = 0;
    breaker->rest_ms = breaker->first_rest_ms;
    if (breaker->state == BREAKER_CLOSED)
        return false;
    rb_state_move(&STATES, &breaker->state, BREAKER_CLOSED);
    return true;
}

static void open_until_rested(struct breaker *breaker, int64_t now_ms)
{
    breaker->until_ms = now_ms + breaker->rest_ms;
    if (breaker->rest_ms < breaker->first_rest_ms * BREAKER_REST_FACTOR)
        breaker->rest_ms *= 2;
    rb_state_move(&STATES, &breaker->state, BREAKER_OPEN);
}

bool breaker_failed(struct breaker *breaker, int64_t now_ms)
{
    breaker->failures++;
    if (breaker->state == BREAKER_OPEN)
        return false; /* it was asked before the others failed */
    if (breaker->state == BREAKER_CLOSED && breaker->failures < breaker->failures_to_open)
        return false;
    bool was_closed = breaker->state == BREAKER_CLOSED;
    open_until_rested(breaker, now_ms);
    return was_closed;
}

void breaker_given_up(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state != BREAKER_PROBING)
        return;
    breaker->until_ms = now_ms;
    rb_state_move(&STATES, &breaker->state, BREAKER_OPEN);
}

void breaker_rested(struct breaker *breaker, int64_t now_ms)
{
    if (breaker->state == BREAKER_OPEN && breaker->until_ms > now_ms)
        breaker->until_ms = now_ms;
}

const char *breaker_state_name(const struct breaker *breaker)
{
    return rb_state_name(&STATES, breaker->state);
}
