/* SPDX-License-Identifier: Apache-2.0 */
/* What would be built, wave by wave; and that it is what is built when it comes to that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/plan/forecast.h"
#include "world.h"

enum { WORLDS = 400 };

static const char *forecast_text(const struct rb_plan_image *images, size_t count,
                                 struct rb_arena *arena)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4096);
    struct rb_plan_snapshot snapshot = {NOW, images, count};
    struct rb_forecast forecast;
    rb_forecast_make(&snapshot, arena, &forecast);
    rb_strbuf_puts(&text, "");
    for (size_t i = 0; i < forecast.count; i++)
        rb_strbuf_printf(&text, "%s%d %s %s", i == 0 ? "" : ", ", forecast.builds[i].wave,
                         images[forecast.builds[i].image].name,
                         rb_plan_state_name(forecast.builds[i].state));
    for (size_t i = 0; i < count; i++) {
        if (forecast.rest[i].state != RB_PLAN_FRESH)
            rb_strbuf_printf(&text, "; %s %s", images[i].name,
                             rb_plan_state_name(forecast.rest[i].state));
    }
    return rb_arena_strdup(arena, rb_strbuf_text(&text));
}

static void test_waves(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct rb_plan_image images[2];
        const char *expected;
    } cases[] = {
        {"nothing", {{FRESH_BASE}, {FRESH_CHILD}}, ""},
        {"a change of the child",
         {{FRESH_BASE}, {FRESH_CHILD, NEW_CHILD_CODE}},
         "1 shop/app stale"},
        {"a change of the base goes through both",
         {{FRESH_BASE, NEW_CODE}, {FRESH_CHILD}},
         "1 shop/runtime stale, 2 shop/app stale"},
        {"of both: the child once",
         {{FRESH_BASE, NEW_CODE}, {FRESH_CHILD, NEW_CHILD_CODE}},
         "1 shop/runtime stale, 2 shop/app stale"},
        {"what is under way",
         {{FRESH_BASE, NEW_CODE, .open_build = 3, .open_running = true}, {FRESH_CHILD}},
         "1 shop/runtime building, 2 shop/app stale"},
        {"what settles and what policy is asked about",
         {{FRESH_BASE, NEW_CODE, .settle_ms = MINUTE, .changed_at = NOW},
          {FRESH_CHILD, .ask_policy = true}},
         "1 shop/runtime settling, 2 shop/app deciding"},
        {"what is paused stays, and what hangs on it",
         {{FRESH_BASE, NEW_CODE, .paused_by = "ann: x"}, {FRESH_CHILD}},
         "; shop/runtime paused; shop/app blocked"},
        {"what failed stays",
         {{FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED},
          {FRESH_CHILD, NEW_CHILD_CODE}},
         "1 shop/app stale; shop/runtime failed; shop/app blocked"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan_image images[2];
        memcpy(images, cases[i].images, sizeof(images));
        resolve_keys(images, 2, arena);
        const char *found = forecast_text(images, 2, arena);
        if (strcmp(found, cases[i].expected) != 0)
            fail_msg("%s: %s", cases[i].name, found);
    }
}

/* Carries plans out until nothing moves; which images were built is marked. */
static void converge(struct world *world, bool *built)
{
    world_forget_counts(world);
    for (;;) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan_snapshot snapshot;
        struct rb_plan plan;
        world_snapshot(world, NULL, arena, &snapshot);
        rb_plan_make(&snapshot, arena, &plan);
        world_carry_out(world, &plan);
        if (!world_let_builds_end(world) && plan.build_count == 0)
            break;
    }
    for (int i = 0; i < world->image_count; i++)
        built[i] = world->images[i].all_builds > 0;
}

/* In a world without trouble: whatever is built was foretold; and what was foretold for a reason of
   its own, in the first wave, is built. Above that, a base may come out as it was. */
static void test_what_was_foretold_is_built(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct world world;
        struct rb_plan_snapshot snapshot;
        struct rb_forecast forecast;
        bool built[WORLD_IMAGES];
        int foretold[WORLD_IMAGES] = {0}; /* the wave */
        world_init(&world, seed, false);
        converge(&world, built);
        world_upstream_changes(&world);
        world_snapshot(&world, NULL, arena, &snapshot);
        rb_forecast_make(&snapshot, arena, &forecast);
        for (size_t i = 0; i < forecast.count; i++)
            foretold[forecast.builds[i].image] = forecast.builds[i].wave;
        for (int i = 0; i < world.image_count; i++)
            assert_int_equal(forecast.rest[i].state, RB_PLAN_FRESH);
        converge(&world, built);
        for (int i = 0; i < world.image_count; i++) {
            if ((built[i] && foretold[i] == 0) || (foretold[i] == 1 && !built[i]))
                fail_msg("seed %llu: image %d", (unsigned long long)seed, i);
        }
        world_deinit(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waves),
        cmocka_unit_test(test_what_was_foretold_is_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
