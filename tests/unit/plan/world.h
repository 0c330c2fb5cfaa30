/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small world in which plans are carried out: sources that change, images that are built from
 * them with all the ways a build can end, and the record that a store would keep. All of it follows
 * from a seed.
 */
#ifndef TEST_PLAN_WORLD_H
#define TEST_PLAN_WORLD_H

#include <stdbool.h>

#include "rebake/base/random.h"
#include "rebake/plan/plan.h"

enum { WORLD_IMAGES = 10, WORLD_PACKAGES = 3, WORLD_REASONS = 3 + WORLD_PACKAGES + 1 };

enum world_tool {
    WORLD_SOUND,
    WORLD_FLAKY, /* a build fails for outside causes now and then */
    WORLD_DEAD,  /* every build fails for outside causes */
};

enum world_policy {
    WORLD_NO_POLICY,
    WORLD_EASY,   /* allows all */
    WORLD_HASTY,  /* and all at once */
    WORLD_SLOW,   /* holds each for a while, then allows it */
    WORLD_STRICT, /* waits for an approval that never comes, or refuses, now and then */
};

struct world_inputs {
    int recipe;
    int tree;
    char base_digest[16]; /* "" where there is none */
};

struct world_build {
    int64_t id;
    bool running;
    struct world_inputs inputs;
    char key[RB_SHA256_HEX_SIZE];
    int attempt;
    struct rb_plan_reason reasons[WORLD_REASONS]; /* texts in the world's arena */
    size_t reason_count;
    const char *request_who;
};

struct world_image {
    char name[24];
    int base;                        /* an image, or RB_PLAN_NO_BASE: source_base stands below */
    int recipe, tree, source_base;   /* the newest; 0: never seen */
    bool holds_back[WORLD_PACKAGES]; /* a rebuild does not move this package */
    bool ignores_code;               /* its content does not depend on the tree */
    enum world_tool tool;
    char digest[16]; /* of the newest good artifact, "" none; and what is in it */
    struct world_inputs built;
    int installed[WORLD_PACKAGES];
    struct world_build open; /* id 0: none */
    int given_up;
    enum rb_plan_last last;
    struct world_build last_build;
    struct rb_plan_reason remaining[WORLD_REASONS];
    size_t remaining_count;
    int64_t last_finished_at;
    const char *request_who;
    const char *paused_by;
    int64_t settle_ms;
    int64_t at_most_ms;
    int64_t settling_since;
    int64_t changed_at;
    enum world_policy policy;
    char asked_key[RB_SHA256_HEX_SIZE]; /* "": it is not asked */
    struct rb_plan_verdict verdict;     /* key NULL: none yet */
    char verdict_key[RB_SHA256_HEX_SIZE];
    int judged_builds; /* since world_forget_counts: ended, and not for outside causes */
    int all_builds;
};

struct world {
    struct rb_random random;
    struct rb_arena *arena; /* of all texts */
    int64_t now_at;
    int64_t next_build;
    int available[WORLD_PACKAGES];
    bool troubled; /* builds may fail, images be paused, packages held back */
    struct world_image images[WORLD_IMAGES];
    int image_count;
};

void world_init(struct world *world, uint64_t seed, bool troubled);
void world_deinit(struct world *world);

/* What the planner is shown; texts live in arena. The images stand at the places that order gives
   them (NULL: their own). */
void world_snapshot(const struct world *world, const int *order, struct rb_arena *arena,
                    struct rb_plan_snapshot *ret_snapshot);

/* Queues what the plan asks for, replaces and gives up what is open, and asks policy. */
void world_carry_out(struct world *world, const struct rb_plan *plan);
/* A new version, a request, a pause, time that passes, a build that starts or ends. */
void world_something_happens(struct world *world);
/* A new version of something that is upstream of an image. */
void world_upstream_changes(struct world *world);
/* False when policy was asked nothing. */
bool world_let_policy_answer(struct world *world);
/* Starts what is queued and ends what runs; false when nothing was open. */
bool world_let_builds_end(struct world *world);
/* Puts the record of an image into a state that no history need lead to. */
void world_scramble(struct world *world);
void world_forget_counts(struct world *world);

/* Does the newest good artifact hold all that is upstream of it now? */
bool world_is_current(const struct world *world, int image);
/* The digest that a build would be on now; "" none. */
const char *world_base_digest(const struct world *world, int image, char *text);
bool world_package_is_old(const struct world *world, int image, int package);

#endif
