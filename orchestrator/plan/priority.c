/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Risk is a product: severity × likelihood × place. A factor that is small makes all of it small: a
 * critical hole that nobody is expected to use, in what runs nowhere, is no emergency. None is ever
 * nothing, since what is known of each is little.
 */
#include "rebake/plan/priority.h"

static const double UNKNOWN_SEVERITY = 5.0, HIGHEST_SEVERITY = 10.0;
static const double LEAST_LIKELIHOOD = 0.25;
static const double RESTS = 0.3, RUNS = 0.7;

static double within(double value, double most)
{
    if (!(value > 0.0)) /* not a number neither */
        return 0.0;
    return value < most ? value : most;
}

static double risk_of(const struct rb_plan_urgency *urgency)
{
    double severity = within(urgency->severity, HIGHEST_SEVERITY);
    double likelihood = LEAST_LIKELIHOOD + (1.0 - LEAST_LIKELIHOOD) * within(urgency->epss, 1.0);
    double place = urgency->exposed ? 1.0 : urgency->runs ? RUNS : RESTS;
    if (severity == 0.0)
        severity = UNKNOWN_SEVERITY;
    return severity / HIGHEST_SEVERITY * (urgency->kev ? 1.0 : likelihood) * place;
}

int rb_plan_priority(const struct rb_plan_urgency *urgency)
{
    double span = RB_PRIORITY_MAXIMUM - RB_PRIORITY_ROUTINE;
    int priority = RB_PRIORITY_ROUTINE;
    if (urgency->closes)
        priority += (int)(span * risk_of(urgency) + 0.5);
    if (urgency->requested && priority < RB_PRIORITY_REQUESTED)
        priority = RB_PRIORITY_REQUESTED;
    if (priority < urgency->base)
        priority = urgency->base;
    return priority < RB_PRIORITY_MAXIMUM ? priority : RB_PRIORITY_MAXIMUM;
}
