/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A history replayed against a policy: with the planner, the dispatcher and the rules that the
 * daemon has, on a clock that jumps from one thing that happens to the next.
 * docs/reference/simulate.md says what is assumed.
 */
#ifndef REBAKE_SIMULATE_SIMULATE_H
#define REBAKE_SIMULATE_SIMULATE_H

#include "rebake/base/json.h"
#include "rebake/policy/policy.h"
#include "rebake/simulate/history.h"

struct rb_simulation {
    const struct rb_history *history;
    struct rb_policy *policy; /* NULL: everything is allowed */
    int jobs;                 /* builds at the same time */
    int64_t settle_ms;        /* quiet time of each image */
    int64_t approve_after_ms; /* persons approve what waits for them after so long; 0: never */
    double cost_a_minute;     /* of building; 0: not told */
};

/* *ret_report is the caller's: docs/reference/simulate.md. RB_EINVALID when a rule fails on an
   input: the policy is no policy for this fleet. */
RB_NODISCARD int rb_simulate(const struct rb_simulation *simulation, json_t **ret_report,
                             struct rb_err *err);

#endif
