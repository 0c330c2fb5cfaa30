/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must hold of every plan, seen on thousands of generated worlds. A failure names its seed:
 * REBAKE_TEST_SEED=N runs that world alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "compare.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "world.h"

enum { HISTORIES = 900, SCRAMBLED = 800, WAVES = 600, STORM_STEPS = 40 };

static uint64_t current_seed;

#define MUST(condition, image)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s:%d: image %d: %s (REBAKE_TEST_SEED=%llu)", __FILE__, __LINE__,            \
                     (int)(image), #condition, (unsigned long long)current_seed);                  \
    } while (0)

/* What the record says of the reasons, asked without the planner. */
static bool reason_is_true(const struct world *world, int index,
                           const struct rb_plan_reason *reason)
{
    static const char *const PACKAGES[WORLD_PACKAGES] = {"bash", "perl", "tar"};
    const struct world_image *image = &world->images[index];
    bool built = image->digest[0] != '\0';
    char base_digest[16];
    switch (reason->kind) {
    case RB_REASON_RECIPE:
        return !built || image->built.recipe != image->recipe;
    case RB_REASON_CODE:
        return !built || image->built.tree != image->tree;
    case RB_REASON_BASE:
        return !built ||
               strcmp(image->built.base_digest, world_base_digest(world, index, base_digest)) != 0;
    case RB_REASON_PACKAGE:
    case RB_REASON_ADVISORY:
        for (int i = 0; i < WORLD_PACKAGES; i++) {
            if (strcmp(PACKAGES[i], reason->subject) == 0)
                return world_package_is_old(world, index, i);
        }
        return false;
    case RB_REASON_MANUAL:
        return image->request_who != NULL ||
               (image->last_build.request_who != NULL &&
                (image->last == RB_LAST_FAILED || image->last == RB_LAST_TRANSIENT));
    case RB_REASON_KIND_COUNT:
        break;
    }
    return false;
}

static bool remains(const struct world_image *image, const struct rb_plan_reason *reason)
{
    for (size_t i = 0; i < image->remaining_count; i++) {
        if (image->remaining[i].kind == reason->kind &&
            strcmp(image->remaining[i].subject, reason->subject) == 0 &&
            strcmp(image->remaining[i].to, reason->to) == 0)
            return true;
    }
    return false;
}

static bool all_remain(const struct world_image *image, const struct rb_plan_decision *decision)
{
    for (size_t i = 0; i < decision->reason_count; i++) {
        if (!remains(image, &decision->reasons[i]))
            return false;
    }
    return true;
}

static bool is_last_key(const struct world_image *image, const struct rb_plan_decision *decision)
{
    return image->last != RB_LAST_NONE && strcmp(image->last_build.key, decision->input_key) == 0;
}

/* Policy allowed just these inputs. */
static bool is_allowed(const struct world_image *image, const struct rb_plan_decision *decision)
{
    return image->policy == WORLD_NO_POLICY ||
           (image->verdict.key != NULL && image->verdict.word == RB_PLAN_ALLOW &&
            strcmp(image->verdict_key, decision->input_key) == 0);
}

/* A build starts only with a true reason, on the base's newest artifact while the base rests, and
   not for what was tried before. */
static void check_build(const struct world *world, const struct rb_plan *plan, int index)
{
    const struct world_image *image = &world->images[index];
    const struct rb_plan_decision *decision = &plan->decisions[index];
    char base_digest[16];
    bool asked = image->request_who != NULL;
    MUST(decision->state == RB_PLAN_STALE && decision->reason_count > 0, index);
    for (size_t i = 0; i < decision->reason_count; i++)
        MUST(reason_is_true(world, index, &decision->reasons[i]), index);
    MUST(!all_remain(image, decision), index);
    MUST(image->open.id == 0 && image->paused_by == NULL && image->tree != 0, index);
    MUST(strcmp(decision->base_digest, world_base_digest(world, index, base_digest)) == 0, index);
    MUST(decision->base_digest[0] != '\0', index);
    MUST(is_allowed(image, decision), index);
    for (int base = image->base; base != RB_PLAN_NO_BASE; base = world->images[base].base) {
        bool rests = world->images[base].open.id == 0 && !plan->decisions[base].build;
        bool parted = world->images[base].paused_by != NULL || /* nothing comes through it */
                      plan->decisions[base].state == RB_PLAN_ON_HOLD ||
                      plan->decisions[base].state == RB_PLAN_REFUSED;
        MUST(rests || image->policy == WORLD_HASTY, index);
        if (parted)
            break;
    }
    if (!asked && is_last_key(image, decision)) {
        MUST(image->last == RB_LAST_TRANSIENT, index);
        MUST(decision->attempt == image->last_build.attempt + 1, index);
        MUST(decision->attempt <= RB_PLAN_ATTEMPTS, index);
        MUST(image->last_finished_at > world->now_at ||
                 world->now_at >=
                     rb_plan_retry_at(image->last_finished_at, image->last_build.attempt),
             index);
    } else {
        MUST(decision->attempt == 1, index);
    }
    bool is_quiet = world->now_at >= image->changed_at + image->settle_ms;
    bool has_waited = image->at_most_ms > 0 && image->settling_since > 0 &&
                      world->now_at >= image->settling_since + image->at_most_ms;
    MUST(decision->reasons[decision->reason_count - 1].kind == RB_REASON_MANUAL || is_quiet ||
             has_waited || image->policy == WORLD_HASTY,
         index);
}

static void check_telling(const struct world *world, const struct rb_plan_decision *decision,
                          int index)
{
    enum rb_plan_state state = decision->state;
    bool speaks = state != RB_PLAN_FRESH && state != RB_PLAN_STALE && state != RB_PLAN_QUEUED &&
                  state != RB_PLAN_BUILDING;
    bool waits = state == RB_PLAN_HELD || state == RB_PLAN_BLOCKED || state == RB_PLAN_WAITING ||
                 state == RB_PLAN_QUEUED || state == RB_PLAN_BUILDING ||
                 state == RB_PLAN_DECIDING || state == RB_PLAN_ON_HOLD;
    bool timed = state == RB_PLAN_SETTLING || state == RB_PLAN_BACKOFF ||
                 (state == RB_PLAN_ON_HOLD && world->images[index].policy == WORLD_SLOW);
    MUST(speaks == (decision->cause[0] != '\0'), index);
    MUST(waits == (decision->waits_for != NULL), index);
    MUST(timed == (decision->wake_at != 0), index);
    MUST(!timed || decision->wake_at > world->now_at, index);
    MUST(decision->build == (state == RB_PLAN_STALE), index);
    MUST(state != RB_PLAN_FRESH || world_is_current(world, index), index);
    MUST(state != RB_PLAN_FRESH || decision->reason_count == 0, index);
    MUST(state != RB_PLAN_DECIDING || decision->ask, index);
    MUST(!decision->ask || (!decision->build && decision->reason_count > 0 &&
                            world->images[index].policy != WORLD_NO_POLICY),
         index);
}

/* What is open is changed only where it is for other inputs, and to what policy allows. */
static void check_change(const struct world *world, const struct rb_plan_decision *decision,
                         int index)
{
    const struct world_image *image = &world->images[index];
    if (!decision->replace && decision->give_up == NULL)
        return;
    MUST(image->open.id != 0 && strcmp(image->open.key, decision->input_key) != 0, index);
    MUST(!decision->replace || decision->give_up == NULL, index);
    MUST(!decision->replace || (!image->open.running && decision->reason_count > 0), index);
    MUST(!decision->replace || is_allowed(image, decision), index);
    MUST(decision->give_up == NULL || image->open.request_who == NULL, index);
    MUST(decision->give_up == NULL || !image->open.running ||
             (image->policy == WORLD_HASTY && image->given_up < RB_PLAN_GIVEN_UP_MAXIMUM),
         index);
}

/* The same record gives the same answer, in whatever order its images stand. */
static void check_determinism(struct world *world, const struct rb_plan *plan,
                              struct rb_arena *arena)
{
    int order[WORLD_IMAGES];
    struct rb_plan_snapshot snapshot;
    struct rb_plan again;
    for (int i = 0; i < world->image_count; i++) {
        int place = (int)rb_random_below(&world->random, (uint64_t)i + 1);
        order[i] = order[place];
        order[place] = i;
    }
    world_snapshot(world, order, arena, &snapshot);
    rb_plan_make(&snapshot, arena, &again);
    MUST(again.build_count == plan->build_count && again.wake_at == plan->wake_at, 0);
    MUST(again.ask_count == plan->ask_count && again.change_count == plan->change_count, 0);
    for (int i = 0; i < world->image_count; i++)
        MUST(compare_decisions(&plan->decisions[i], &again.decisions[order[i]]) == NULL, i);
}

static void make_plan(struct world *world, struct rb_arena *arena, struct rb_plan *ret_plan)
{
    struct rb_plan_snapshot snapshot;
    world_snapshot(world, NULL, arena, &snapshot);
    rb_plan_make(&snapshot, arena, ret_plan);
    size_t build_count = 0;
    for (int i = 0; i < world->image_count; i++) {
        check_telling(world, &ret_plan->decisions[i], i);
        check_change(world, &ret_plan->decisions[i], i);
        if (ret_plan->decisions[i].build)
            check_build(world, ret_plan, i);
        build_count += ret_plan->decisions[i].build;
    }
    MUST(build_count == ret_plan->build_count, 0);
    if (rb_random_below(&world->random, 4) == 0)
        check_determinism(world, ret_plan, arena);
}

static void plan_and_carry_out(struct world *world)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan plan;
    make_plan(world, arena, &plan);
    world_carry_out(world, &plan);
}

static bool stands_below(const struct world *world, int index, const char *name)
{
    int base = world->images[index].base;
    while (base != RB_PLAN_NO_BASE && strcmp(world->images[base].name, name) != 0)
        base = world->images[base].base;
    return base != RB_PLAN_NO_BASE;
}

static enum rb_plan_state state_of(const struct world *world, const struct rb_plan *plan,
                                   const char *name)
{
    for (int i = 0; i < world->image_count; i++) {
        if (strcmp(world->images[i].name, name) == 0)
            return plan->decisions[i].state;
    }
    return RB_PLAN_STATE_COUNT;
}

static bool has_artifact(const struct world *world, const char *name)
{
    for (int i = 0; i < world->image_count; i++) {
        if (strcmp(world->images[i].name, name) == 0)
            return world->images[i].digest[0] != '\0';
    }
    return false;
}

/* Is an image in this state stuck, so that others are blocked by it? */
static bool keeps_back(enum rb_plan_state state)
{
    return state == RB_PLAN_FAILED || state == RB_PLAN_QUARANTINED || state == RB_PLAN_PAUSED ||
           state == RB_PLAN_ON_HOLD || state == RB_PLAN_REFUSED || state == RB_PLAN_HELD;
}

/* Where nothing moves any more, each image holds what is upstream, or says rightly why not. */
static void check_rest(const struct world *world, const struct rb_plan *plan, int index)
{
    const struct world_image *image = &world->images[index];
    const struct rb_plan_decision *decision = &plan->decisions[index];
    enum rb_plan_state culprit = decision->waits_for == NULL
                                     ? RB_PLAN_STATE_COUNT
                                     : state_of(world, plan, decision->waits_for);
    bool same_key = is_last_key(image, decision);
    switch (decision->state) {
    case RB_PLAN_FRESH:
        MUST(world_is_current(world, index), index);
        break;
    case RB_PLAN_FAILED:
        MUST(same_key, index);
        MUST(image->last == RB_LAST_FAILED || image->last == RB_LAST_CANCELED, index);
        break;
    case RB_PLAN_QUARANTINED:
        MUST(same_key && image->last == RB_LAST_TRANSIENT, index);
        MUST(image->last_build.attempt >= RB_PLAN_ATTEMPTS, index);
        break;
    case RB_PLAN_UNRESOLVED:
        MUST(all_remain(image, decision) ||
                 (same_key && (image->last == RB_LAST_GOOD || image->last == RB_LAST_UNRESOLVED)),
             index);
        break;
    case RB_PLAN_PAUSED:
        MUST(image->paused_by != NULL, index);
        MUST(!world_is_current(world, index) || decision->reason_count > 0, index);
        break;
    case RB_PLAN_WAITING:
        MUST(image->tree == 0, index);
        break;
    case RB_PLAN_BLOCKED:
        MUST(stands_below(world, index, decision->waits_for), index);
        MUST(keeps_back(culprit) || !has_artifact(world, decision->waits_for), index);
        break;
    case RB_PLAN_ON_HOLD:
    case RB_PLAN_REFUSED:
        MUST(!is_allowed(image, decision) && !decision->ask, index);
        MUST(decision->wake_at == 0 && decision->reason_count > 0, index);
        break;
    case RB_PLAN_HELD: /* only by an image that waits for a version */
        MUST(stands_below(world, index, decision->waits_for), index);
        MUST(culprit == RB_PLAN_WAITING || culprit == RB_PLAN_HELD || culprit == RB_PLAN_FAILED ||
                 culprit == RB_PLAN_QUARANTINED || culprit == RB_PLAN_UNRESOLVED,
             index);
        break;
    case RB_PLAN_SETTLING:
    case RB_PLAN_STALE:
    case RB_PLAN_QUEUED:
    case RB_PLAN_BUILDING:
    case RB_PLAN_BACKOFF:
    case RB_PLAN_DECIDING:
    case RB_PLAN_STATE_COUNT:
        fail_msg("image %d still moves (REBAKE_TEST_SEED=%llu)", index,
                 (unsigned long long)current_seed);
    }
}

/* Nothing new arrives: carries plans out until none asks for anything. The bound: on each level of
   the graph a wait, policy's two answers with a wait between, a build that is given up, and every
   attempt with its wait. */
static void converge(struct world *world)
{
    int rounds = 4 + world->image_count * (6 + 2 * RB_PLAN_ATTEMPTS);
    for (;; rounds--) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan plan;
        MUST(rounds > 0, 0);
        make_plan(world, arena, &plan);
        world_carry_out(world, &plan);
        if (plan.change_count > 0 || world_let_policy_answer(world) || world_let_builds_end(world))
            continue;
        if (plan.wake_at != 0) {
            world->now_at = plan.wake_at;
            continue;
        }
        for (int i = 0; i < world->image_count; i++)
            check_rest(world, &plan, i);
        world->now_at += (int64_t)365 * 86400 * 1000; /* time alone is no reason */
        make_plan(world, arena, &plan);
        MUST(plan.build_count == 0 && plan.wake_at == 0, 0);
        return;
    }
}

static bool holds_back(const struct world_image *image)
{
    for (int i = 0; i < WORLD_PACKAGES; i++) {
        if (image->holds_back[i])
            return true;
    }
    return false;
}

/* Does policy let the image be built though something is still to come from below? */
static bool may_go_ahead(const struct world *world, int index)
{
    if (world->images[index].policy == WORLD_HASTY)
        return true;
    for (int base = world->images[index].base; base != RB_PLAN_NO_BASE;
         base = world->images[base].base) {
        if (world->images[base].policy == WORLD_SLOW)
            return true;
    }
    return false;
}

/* An image is built once at most for all that lies before it. One that holds a package back is
   built twice: a build for another reason may bring the old package in, which only its inventory
   shows. What was under way already comes on top. One that does not wait for its base is built
   again for each of the base's builds. */
static int times_at_most(const struct world *world, const bool *finishing, int index)
{
    int times = 0;
    for (;; index = world->images[index].base) {
        times += 1 + holds_back(&world->images[index]) + finishing[index];
        if (world->images[index].base == RB_PLAN_NO_BASE || !may_go_ahead(world, index))
            return times;
    }
}

/* And tried no more often than allowed. */
static void converge_once(struct world *world)
{
    bool finishing[WORLD_IMAGES];
    world_forget_counts(world);
    for (int i = 0; i < world->image_count; i++)
        finishing[i] = world->images[i].open.id != 0;
    converge(world);
    for (int i = 0; i < world->image_count; i++) {
        int times = times_at_most(world, finishing, i);
        MUST(world->images[i].judged_builds <= times, i);
        MUST(world->images[i].all_builds <= times * RB_PLAN_ATTEMPTS, i);
    }
}

static void live_through_a_history(uint64_t seed)
{
    struct world world;
    world_init(&world, seed, true);
    for (int step = 0; step < STORM_STEPS; step++) {
        world_something_happens(&world);
        plan_and_carry_out(&world);
    }
    converge_once(&world);
    world_deinit(&world);
}

static void converge_from_anywhere(uint64_t seed)
{
    struct world world;
    world_init(&world, seed, true);
    world_scramble(&world);
    converge_once(&world);
    world_deinit(&world);
}

struct before {
    struct world_inputs inputs[WORLD_IMAGES];
    char digests[WORLD_IMAGES][16];
};

/* Exactly the images that a wave concerns are built, once each: those whose own inputs changed, and
   those whose base came out different. */
static void check_wave(const struct world *world, const struct before *before,
                       const bool *own_change)
{
    for (int i = 0; i < world->image_count; i++) {
        int base = world->images[i].base;
        bool base_changed = base != RB_PLAN_NO_BASE &&
                            strcmp(before->digests[base], world->images[base].digest) != 0;
        MUST(world->images[i].all_builds == (own_change[i] || base_changed), i);
    }
}

static void build_a_wave_once(uint64_t seed)
{
    struct world world;
    struct before before;
    bool own_change[WORLD_IMAGES];
    world_init(&world, seed, false);
    converge(&world);
    for (int wave = 0; wave < 3; wave++) {
        for (int i = 0; i < world.image_count; i++)
            memcpy(before.digests[i], world.images[i].digest, sizeof(before.digests[i]));
        world_forget_counts(&world);
        for (uint64_t changes = 1 + rb_random_below(&world.random, 4); changes > 0; changes--)
            world_upstream_changes(&world);
        for (int i = 0; i < world.image_count; i++)
            own_change[i] = !world_is_current(&world, i);
        converge(&world);
        check_wave(&world, &before, own_change);
        for (int i = 0; i < world.image_count; i++)
            MUST(world_is_current(&world, i), i);
    }
    world_deinit(&world);
}

static void run_worlds(void (*run)(uint64_t seed), uint64_t first_seed, uint64_t count)
{
    const char *only = getenv("REBAKE_TEST_SEED");
    if (only != NULL && rb_text_to_u64(only, &current_seed)) {
        run(current_seed);
        return;
    }
    for (uint64_t i = 0; i < count; i++) {
        current_seed = first_seed + i;
        run(current_seed);
    }
}

static void test_histories(void **state)
{
    (void)state;
    run_worlds(live_through_a_history, 1000000, HISTORIES);
}

static void test_any_state_converges(void **state)
{
    (void)state;
    run_worlds(converge_from_anywhere, 2000000, SCRAMBLED);
}

static void test_one_build_a_wave(void **state)
{
    (void)state;
    run_worlds(build_a_wave_once, 3000000, WAVES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histories),
        cmocka_unit_test(test_any_state_converges),
        cmocka_unit_test(test_one_build_a_wave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
