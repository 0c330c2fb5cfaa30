/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A forecast: what would be built from here on, wave by wave, if nothing else changed and each
 * build ended well with a new artifact. A pure function, by means of the planner itself: each wave
 * is a plan of the fleet as the one before would leave it. Quiet times, retries and answers of
 * policy that are still to come are taken as gone by, and told.
 */
#ifndef REBAKE_PLAN_FORECAST_H
#define REBAKE_PLAN_FORECAST_H

#include "rebake/plan/plan.h"

struct rb_forecast_build {
    size_t image;             /* its index in the snapshot */
    int wave;                 /* from 1; those of a wave may run side by side */
    enum rb_plan_state state; /* what it would be when its turn comes: RB_PLAN_STALE, or what is to
                                 come first: settling, backoff, deciding; or that it is under way */
    const struct rb_plan_reason *reasons;
    size_t reason_count;
    const char *cause; /* of what is to come first */
};

struct rb_forecast {
    struct rb_forecast_build *builds; /* by wave, then in the snapshot's order */
    size_t count;
    int wave_count;
    const struct rb_plan_decision
        *rest; /* each image in the end: those that are not fresh say why */
};

/* All that the forecast names lives in arena or in the snapshot. An image is built once at most. */
void rb_forecast_make(const struct rb_plan_snapshot *snapshot, struct rb_arena *arena,
                      struct rb_forecast *ret_forecast);

#endif
