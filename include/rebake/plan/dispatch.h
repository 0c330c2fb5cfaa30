/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatcher: which of the queued builds start now, in which order, and why each other one
 * waits. A pure function, as the planner is. docs/decisions/0055-who-is-built-first.md says why.
 *
 * The builds of one pipeline with one priority stand in line, first come first served. A line that
 * waits grows by a point every RB_DISPATCH_AGEING_MS, and starts again from its own priority once
 * it is served: so nothing waits for ever, and no backlog keeps what is urgent from going first. A
 * pipeline counts with the highest of its lines, and grows only while it holds no place; of equal
 * ones the one that holds fewer places is served.
 *
 * Limits and budgets count by name. What has waited longer than RB_DISPATCH_PATIENCE_MS has a claim
 * on the limits and budgets that it is to share: others take only what leaves room for it.
 */
#ifndef REBAKE_PLAN_DISPATCH_H
#define REBAKE_PLAN_DISPATCH_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/arena.h"

enum {
    RB_DISPATCH_LOWEST = 0,
    RB_DISPATCH_DEFAULT = 50,
    RB_DISPATCH_HIGHEST = 100,
    RB_DISPATCH_AGEING_MS = 3 * 60 * 1000,
    RB_DISPATCH_PATIENCE_MS = RB_DISPATCH_HIGHEST * RB_DISPATCH_AGEING_MS,
    RB_DISPATCH_DAY_MS = 24 * 3600 * 1000
};

struct rb_dispatch_limit {
    const char *name; /* a pipeline, a class of builders: whatever the builds share */
    int most;         /* that run at once */
};

struct rb_dispatch_budget {
    const char *name;
    int64_t ms_a_day; /* of build time */
};

struct rb_dispatch_build {
    int64_t id;
    const char *pipeline;
    int priority;       /* RB_DISPATCH_LOWEST to RB_DISPATCH_HIGHEST */
    int64_t queued_at;  /* of one that waits */
    int64_t started_at; /* of one that runs */
    /* 0: not known; it takes nothing from a budget until it runs. */
    int64_t expected_ms;
    const struct rb_dispatch_limit *limits;
    size_t limit_count;
    const struct rb_dispatch_budget *budgets;
    size_t budget_count;
};

/* What ended builds took from a budget today. */
struct rb_dispatch_spent {
    const char *budget;
    int64_t ms;
};

/* When the last build of a pipeline with that priority ended. */
struct rb_dispatch_served {
    const char *pipeline;
    int priority;
    int64_t at;
};

struct rb_dispatch_queue {
    int64_t now_at;
    int64_t budget_resets_at; /* when the day of the budgets ends */
    int most_jobs;
    const struct rb_dispatch_build *waiting;
    size_t waiting_count;
    const struct rb_dispatch_build *running;
    size_t running_count;
    const struct rb_dispatch_spent *spent;
    size_t spent_count;
    const struct rb_dispatch_served *served;
    size_t served_count;
};

enum rb_dispatch_cause {
    RB_DISPATCH_STARTS,
    RB_DISPATCH_PLACES,      /* all places are taken */
    RB_DISPATCH_LIMIT,       /* as many of that name run as may */
    RB_DISPATCH_CLAIM,       /* another that has waited for very long goes first */
    RB_DISPATCH_BUDGET,      /* what is left of today's budget is too little */
    RB_DISPATCH_OVER_BUDGET, /* a whole day's budget is too little: a person has to act */
    RB_DISPATCH_CAUSE_COUNT
};
const char *rb_dispatch_cause_name(enum rb_dispatch_cause cause); /* "starts", "places", … */

struct rb_dispatch_wait {
    enum rb_dispatch_cause cause;
    const char *text;      /* one line for people; "" for one that starts */
    const char *waits_for; /* "places", "limit:NAME", "budget:NAME", "build:7"; NULL: starts */
};

struct rb_dispatch {
    struct rb_dispatch_wait *waits; /* one for each that waits, in the queue's order */
    size_t *starts;                 /* indexes of those that start, in the order to start them */
    size_t start_count;
    int64_t wake_at; /* when to ask again though no build ended; 0: no need */
};

/* All that the answer names lives in arena or in the queue. */
void rb_dispatch_make(const struct rb_dispatch_queue *queue, struct rb_arena *arena,
                      struct rb_dispatch *ret_dispatch);

#endif
