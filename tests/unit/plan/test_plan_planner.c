/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan that is kept against the plan that is made anew, over thousands of generated histories:
 * each tells the same of every image, and no more is decided again than has to be. A failure names
 * its seed: REBAKE_TEST_SEED=N runs that world alone.
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
#include "rebake/plan/planner.h"
#include "world.h"

enum { WORLDS = 600, STEPS = 40, LONG_STEPS = 700 };

static uint64_t current_seed;

#define MUST(condition, image)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s:%d: image %d: %s (REBAKE_TEST_SEED=%llu)", __FILE__, __LINE__,            \
                     (int)(image), #condition, (unsigned long long)current_seed);                  \
    } while (0)

/* What the planner was told. What is no longer told is freed once the planner was updated, so that
   a text which it goes on using is seen. */
struct told {
    struct rb_plan_image images[WORLD_IMAGES];
    struct rb_arena *arenas[WORLD_IMAGES];
    struct rb_arena *old[WORLD_IMAGES];
    bool changed[WORLD_IMAGES];
};

static void tell(struct rb_planner *planner, struct told *told, int index,
                 const struct rb_plan_image *image)
{
    told->old[index] = told->arenas[index];
    told->arenas[index] = rb_arena_new();
    copy_image(image, told->arenas[index], &told->images[index]);
    rb_planner_set(planner, (size_t)index, &told->images[index]);
}

/* Those that differ from what was told, and now and then one that does not. */
static void tell_changes(struct world *world, struct rb_planner *planner, struct told *told,
                         const struct rb_plan_snapshot *snapshot)
{
    for (int i = 0; i < world->image_count; i++) {
        const struct rb_plan_image *image = &snapshot->images[i];
        told->changed[i] =
            told->arenas[i] == NULL || compare_images(image, &told->images[i]) != NULL;
        if (told->changed[i] || rb_random_below(&world->random, 20) == 0)
            tell(planner, told, i, image);
    }
}

static void forget_old(struct told *told)
{
    for (int i = 0; i < WORLD_IMAGES; i++)
        rb_arena_free(rb_steal(&told->old[i]));
}

static void forget_all(struct told *told)
{
    forget_old(told);
    for (int i = 0; i < WORLD_IMAGES; i++)
        rb_arena_free(told->arenas[i]);
}

static void check_same(const struct rb_plan *kept, const struct rb_plan *made)
{
    MUST(kept->count == made->count, 0);
    for (size_t i = 0; i < made->count; i++) {
        const char *differs = compare_decisions(&kept->decisions[i], &made->decisions[i]);
        if (differs != NULL)
            print_message("%s differs: %s, %s\n", differs,
                          rb_plan_state_name(kept->decisions[i].state),
                          rb_plan_state_name(made->decisions[i].state));
        MUST(differs == NULL, i);
    }
    MUST(kept->build_count == made->build_count && kept->ask_count == made->ask_count, 0);
    MUST(kept->change_count == made->change_count, 0);
    MUST(made->wake_at == 0 || (kept->wake_at != 0 && kept->wake_at <= made->wake_at), 0);
}

/* Nothing changes by itself before the planner says so. */
static void check_wake(struct world *world, const struct rb_plan *kept)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan_snapshot snapshot;
    struct rb_plan made;
    world_snapshot(world, NULL, arena, &snapshot);
    if (kept->wake_at == 0)
        snapshot.now_at += (int64_t)1000 * 86400 * (int64_t)rb_random_below(&world->random, 400);
    else
        snapshot.now_at +=
            (int64_t)rb_random_below(&world->random, (uint64_t)(kept->wake_at - snapshot.now_at));
    rb_plan_make(&snapshot, arena, &made);
    check_same(kept, &made);
}

/* What was decided again was set, or its time had come, or something is below it that was. */
static void check_work(const struct world *world, const struct rb_planner_update *update,
                       const struct told *told, const bool *was_due)
{
    bool decided[WORLD_IMAGES] = {false};
    for (size_t i = 0; i < update->decided_count; i++) {
        MUST(!decided[update->decided[i]], update->decided[i]);
        decided[update->decided[i]] = true;
    }
    for (int i = 0; i < world->image_count; i++) {
        int base = world->images[i].base;
        bool from_below = base != RB_PLAN_NO_BASE && decided[base];
        MUST(!told->changed[i] || decided[i], i);
        MUST(!decided[i] || told->old[i] != NULL || told->changed[i] || was_due[i] || from_below,
             i);
    }
}

static void step(struct world *world, struct rb_planner *planner, struct told *told)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan_snapshot snapshot;
    struct rb_plan made;
    struct rb_planner_update update;
    bool was_due[WORLD_IMAGES] = {false};
    world_snapshot(world, NULL, arena, &snapshot);
    tell_changes(world, planner, told, &snapshot);
    rb_planner_update(planner, snapshot.now_at, &update);
    for (int i = 0; i < world->image_count; i++) /* only what has reasons waits for a time */
        was_due[i] = update.plan->decisions[i].reason_count > 0;
    check_work(world, &update, told, was_due);
    forget_old(told);
    rb_plan_make(&snapshot, arena, &made);
    check_same(update.plan, &made);
    check_wake(world, update.plan);
    world_carry_out(world, update.plan);
}

static void live_along(uint64_t seed, int steps, bool scramble)
{
    struct world world;
    struct told told = {0};
    world_init(&world, seed, true);
    if (scramble)
        world_scramble(&world);
    struct rb_planner *planner = rb_planner_new((size_t)world.image_count);
    for (int i = 0; i < steps; i++) {
        step(&world, planner, &told);
        world_something_happens(&world);
    }
    rb_planner_free(planner);
    forget_all(&told);
    world_deinit(&world);
}

static void live_through_a_history(uint64_t seed)
{
    live_along(seed, STEPS, false);
}

static void go_on_from_anywhere(uint64_t seed)
{
    live_along(seed, STEPS, true);
}

/* Long enough for the texts of old decisions to be dropped. */
static void live_long(uint64_t seed)
{
    live_along(seed, LONG_STEPS, false);
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

static void test_same_as_made_anew(void **state)
{
    (void)state;
    run_worlds(live_through_a_history, 6000000, WORLDS);
    run_worlds(go_on_from_anywhere, 7000000, WORLDS);
}

static void test_a_long_life(void **state)
{
    (void)state;
    run_worlds(live_long, 8000000, 4);
}

/* A clock that goes back, and images that get another base. */
static void test_back_in_time_and_on_another_base(void **state)
{
    (void)state;
    const struct rb_plan_image base = {.name = "a",
                                       .base = RB_PLAN_NO_BASE,
                                       .now = {"r", "b", "t"},
                                       .artifact_digest = "x",
                                       .built = {"r", "b", "t"},
                                       .base_name = "s",
                                       .code_name = "c"};
    struct rb_plan_image images[] = {base, base, base};
    struct rb_planner *planner = rb_planner_new(3);
    struct rb_planner_update update;
    images[1].artifact_digest = "y";
    images[2].base = 0;
    images[2].built.base_digest = "x";
    images[2].now.tree = "t2";
    images[2].changed_at = 1000;
    images[2].settle_ms = 1000;
    for (size_t i = 0; i < 3; i++)
        rb_planner_set(planner, i, &images[i]);
    rb_planner_update(planner, 1500, &update);
    assert_int_equal(update.decided_count, 3);
    assert_int_equal(update.plan->decisions[2].state, RB_PLAN_SETTLING);
    assert_int_equal(update.plan->wake_at, 2000);
    rb_planner_update(planner, 1999, &update);
    assert_int_equal(update.decided_count, 0);
    rb_planner_update(planner, 2000, &update);
    assert_int_equal(update.decided_count, 1);
    assert_int_equal(update.plan->decisions[2].state, RB_PLAN_STALE);
    assert_int_equal(update.plan->wake_at, 0);
    rb_planner_update(planner, 1200, &update);
    assert_int_equal(update.plan->decisions[2].state, RB_PLAN_SETTLING);
    images[2].base = 1;
    rb_planner_set(planner, 2, &images[2]);
    rb_planner_update(planner, 2000, &update);
    assert_int_equal(update.plan->decisions[2].reason_count, 2);
    assert_string_equal(update.plan->decisions[2].base_digest, "y");
    images[1].artifact_digest = "z";
    rb_planner_set(planner, 1, &images[1]);
    rb_planner_update(planner, 2000, &update);
    assert_int_equal(update.decided_count, 2);
    assert_int_equal(update.decided[0], 1);
    assert_string_equal(update.plan->decisions[2].reasons[0].to, "z");
    rb_planner_free(planner);
    rb_planner_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_made_anew),
        cmocka_unit_test(test_a_long_life),
        cmocka_unit_test(test_back_in_time_and_on_another_base),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
