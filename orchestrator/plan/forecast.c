/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/plan/forecast.h"

#include <string.h>

#include "rebake/base/memory.h"

/* The fleet as it would be, while waves go over it. */
struct weather {
    struct rb_plan_image *images;
    size_t count;
    int64_t now_at;
    struct rb_arena *arena;
    bool *built; /* once is enough: what it does not cure is not tried again */
    struct rb_forecast *forecast;
    struct rb_plan plan;
};

static bool would_build(const struct weather *weather, size_t i)
{
    if (weather->plan.decisions[i].trial != NULL) /* nothing comes of it */
        return false;
    switch (weather->plan.decisions[i].state) {
    case RB_PLAN_STALE:
    case RB_PLAN_QUEUED:
    case RB_PLAN_BUILDING:
    case RB_PLAN_SETTLING:
    case RB_PLAN_BACKOFF:
    case RB_PLAN_DECIDING:
        return !weather->built[i];
    case RB_PLAN_WAITING:
    case RB_PLAN_FRESH:
    case RB_PLAN_HELD:
    case RB_PLAN_BLOCKED:
    case RB_PLAN_FAILED:
    case RB_PLAN_QUARANTINED:
    case RB_PLAN_UNRESOLVED:
    case RB_PLAN_PAUSED:
    case RB_PLAN_ON_HOLD:
    case RB_PLAN_REFUSED:
    case RB_PLAN_STATE_COUNT:
        break;
    }
    return false;
}

static void note(struct weather *weather, size_t i)
{
    const struct rb_plan_decision *decision = &weather->plan.decisions[i];
    weather->forecast->builds[weather->forecast->count++] =
        (struct rb_forecast_build){.image = i,
                                   .wave = weather->forecast->wave_count,
                                   .state = decision->state,
                                   .reasons = decision->reasons,
                                   .reason_count = decision->reason_count,
                                   .cause = decision->cause};
}

/* As if its build had ended well. */
static void carry_out(struct weather *weather, size_t i)
{
    const struct rb_plan_decision *decision = &weather->plan.decisions[i];
    struct rb_plan_image *image = &weather->images[i];
    weather->built[i] = true;
    image->built = image->now;
    image->built.base_digest = decision->base_digest;
    image->artifact_digest = rb_arena_printf(weather->arena, "a new build of %s", image->name);
    image->update_count = 0;
    image->open_build = 0;
    image->last = RB_LAST_GOOD;
    image->last_key = decision->input_key;
    image->last_request_who = NULL;
    image->last_remaining_count = 0;
    image->request_who = NULL;
    image->request_force = false;
}

static bool let_a_wave_pass(struct weather *weather)
{
    struct rb_plan_snapshot snapshot = {weather->now_at, weather->images, weather->count};
    rb_plan_make(&snapshot, weather->arena, &weather->plan);
    size_t before = weather->forecast->count;
    weather->forecast->wave_count++;
    for (size_t i = 0; i < weather->count; i++) {
        if (would_build(weather, i))
            note(weather, i);
    }
    if (weather->forecast->count == before) {
        weather->forecast->wave_count--;
        return false;
    }
    for (size_t i = before; i < weather->forecast->count; i++)
        carry_out(weather, weather->forecast->builds[i].image);
    return true;
}

void rb_forecast_make(const struct rb_plan_snapshot *snapshot, struct rb_arena *arena,
                      struct rb_forecast *ret_forecast)
{
    size_t count = snapshot->image_count;
    RB_CLEANUP_FREE bool *built = rb_calloc(count, sizeof(bool));
    struct weather weather = {.images = rb_arena_array(arena, count, sizeof(*weather.images)),
                              .count = count,
                              .now_at = snapshot->now_at,
                              .arena = arena,
                              .built = built,
                              .forecast = ret_forecast};
    if (count > 0)
        memcpy(weather.images, snapshot->images, count * sizeof(*weather.images));
    *ret_forecast =
        (struct rb_forecast){.builds = rb_arena_array(arena, count, sizeof(*ret_forecast->builds))};
    while (let_a_wave_pass(&weather))
        continue;
    ret_forecast->rest = weather.plan.decisions;
}
