/* SPDX-License-Identifier: Apache-2.0 */
/* A simulation while it runs: the fleet as it stands, the clock, and what was counted. */
#ifndef ORCHESTRATOR_SIMULATE_SIMULATION_H
#define ORCHESTRATOR_SIMULATE_SIMULATION_H

#include "rebake/base/heap.h"
#include "rebake/base/random.h"
#include "rebake/base/strlist.h"
#include "rebake/plan/dispatch.h"
#include "rebake/plan/planner.h"
#include "rebake/policy/answer.h"
#include "rebake/simulate/simulate.h"

enum { NO_EXPOSURE = -1, STATE_TEXT_SIZE = 40 };

/* An advisory that an image is exposed to, from when its fix was there. */
struct exposure {
    const struct rb_history_advisory *advisory;
    int image;
    int next; /* of the same image's open ones, or NO_EXPOSURE */
    int64_t opened_at;
    int64_t closed_at;   /* 0: not yet */
    int64_t deadline_at; /* 0: none */
};

struct sim_image {
    const struct rb_history_image *model;
    struct rb_plan_image plan; /* what the planner is told; its texts stand here */
    char tree[STATE_TEXT_SIZE], base[STATE_TEXT_SIZE], digest[STATE_TEXT_SIZE];
    char built_tree[STATE_TEXT_SIZE], built_base[STATE_TEXT_SIZE];
    char last_key[RB_SHA256_HEX_SIZE], open_key[RB_SHA256_HEX_SIZE];
    int trees, bases, builds; /* so many there were */
    int *installed;           /* a version for each of the model's packages */
    struct rb_plan_update *updates;
    int exposures; /* the first open one, or NO_EXPOSURE */
    /* Of its open build. */
    struct rb_heap_node end; /* key: when it ends */
    int64_t queued_at, started_at;
    char open_tree[STATE_TEXT_SIZE], open_base[STATE_TEXT_SIZE];
    struct rb_dispatch_limit limit;
    struct rb_dispatch_budget budget;
    /* What policy said last. */
    struct rb_plan_verdict verdict;
    char verdict_key[RB_SHA256_HEX_SIZE];
    int priority;
    struct rb_heap_node approval; /* key: when persons approve */
    int approvals_wanted, approvals_given;
};

struct counts {
    int64_t builds, build_ms, given_up, replaced, asked, held, refused, approvals;
    int64_t by_reason[RB_REASON_KIND_COUNT];
    size_t most_running, most_waiting;
    int64_t waited_ms; /* in the queue, all builds together */
};

struct simulation {
    const struct rb_simulation *told;
    const struct rb_history *history;
    struct rb_arena *arena; /* as long as the simulation */
    struct rb_planner *planner;
    struct sim_image *images;
    int *available;             /* the newest version of each package */
    struct rb_strlist versions; /* "1", "2", … */
    int **holders;              /* of each package: images; holder_counts long */
    size_t *holder_counts;
    struct exposure *exposures;
    size_t exposure_count, exposure_capacity;
    struct rb_heap ends, approvals;
    int *waiting, *running; /* images whose builds do */
    size_t waiting_count, running_count;
    struct rb_dispatch_spent *spent;
    size_t spent_count, spent_capacity;
    struct rb_dispatch_served *served;
    size_t served_count, served_capacity;
    int64_t now_at, budget_resets_at, plan_wake_at, dispatch_wake_at;
    size_t next_event;
    struct counts counts;
};

/* fleet.c: what happens to images, by index. Each tells the planner. */
void fleet_begin(struct simulation *simulation);
void fleet_tell(struct simulation *simulation, int index);
void fleet_event(struct simulation *simulation, const struct rb_history_event *event);
void fleet_start_build(struct simulation *simulation, int index);
void fleet_end_build(struct simulation *simulation, int index);

/* asking.c: policy is asked about what the planner wants to know, and its answer kept. */
RB_NODISCARD int ask_about(struct simulation *simulation, int index,
                           const struct rb_plan_decision *decision, struct rb_err *err);
/* The time that an advisory's exposure may last; 0: for ever. */
RB_NODISCARD int ask_for_deadline(struct simulation *simulation,
                                  const struct rb_history_advisory *advisory, int index,
                                  int64_t *ret_at, struct rb_err *err);

/* report.c */
json_t *report_make(const struct simulation *simulation);

#endif
