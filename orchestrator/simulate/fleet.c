/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "simulation.h"

static const char *version_text(struct simulation *simulation, int version)
{
    while (simulation->versions.count < (size_t)version)
        rb_strlist_addf(&simulation->versions, "%zu", simulation->versions.count + 1);
    return simulation->versions.items[version - 1];
}

static void set_text(char *text, const char *what, int number)
{
    (void)snprintf(text, STATE_TEXT_SIZE, "%s%d", what, number);
}

/* At the beginning all images are as they should be. */
static void begin_image(struct simulation *simulation, int index)
{
    const struct rb_history_image *model = &simulation->history->images[index];
    struct sim_image *image = &simulation->images[index];
    image->model = model;
    image->trees = image->bases = image->builds = 1;
    image->exposures = NO_EXPOSURE;
    image->installed =
        rb_arena_array(simulation->arena, model->package_count, sizeof(*image->installed));
    image->updates =
        rb_arena_array(simulation->arena, model->package_count, sizeof(*image->updates));
    for (size_t i = 0; i < model->package_count; i++)
        image->installed[i] = 1;
    set_text(image->tree, "tree", 1);
    set_text(image->built_tree, "tree", 1);
    set_text(image->base, "base", 1);
    (void)snprintf(image->built_base, STATE_TEXT_SIZE, "%s",
                   model->base < 0 ? image->base : simulation->images[model->base].digest);
    (void)snprintf(image->digest, STATE_TEXT_SIZE, "image%d.1", index);
    image->plan = (struct rb_plan_image){.name = model->name,
                                         .base = model->base < 0 ? RB_PLAN_NO_BASE : model->base,
                                         .base_name = "base",
                                         .code_name = "code",
                                         .now = {"recipe", image->base, image->tree},
                                         .built = {"recipe", image->built_base, image->built_tree},
                                         .artifact_digest = image->digest,
                                         .updates = image->updates,
                                         .last = RB_LAST_GOOD,
                                         .last_key = image->last_key,
                                         .settle_ms = simulation->told->settle_ms,
                                         .at_most_ms = 10 * simulation->told->settle_ms,
                                         .ask_policy = simulation->told->policy != NULL};
    fleet_tell(simulation, index);
}

static void find_holders(struct simulation *simulation)
{
    const struct rb_history *history = simulation->history;
    size_t count = history->package_count;
    simulation->holders = rb_arena_array(simulation->arena, count, sizeof(int *));
    simulation->holder_counts = rb_arena_array(simulation->arena, count, sizeof(size_t));
    for (size_t i = 0; i < history->image_count; i++) {
        for (size_t j = 0; j < history->images[i].package_count; j++)
            simulation->holder_counts[history->images[i].packages[j]]++;
    }
    for (size_t i = 0; i < count; i++) {
        simulation->holders[i] =
            rb_arena_array(simulation->arena, simulation->holder_counts[i], sizeof(int));
        simulation->holder_counts[i] = 0;
    }
    for (size_t i = 0; i < history->image_count; i++) {
        for (size_t j = 0; j < history->images[i].package_count; j++) {
            int package = history->images[i].packages[j];
            simulation->holders[package][simulation->holder_counts[package]++] = (int)i;
        }
    }
}

void fleet_begin(struct simulation *simulation)
{
    const struct rb_history *history = simulation->history;
    simulation->images =
        rb_arena_array(simulation->arena, history->image_count, sizeof(*simulation->images));
    simulation->available =
        rb_arena_array(simulation->arena, history->package_count, sizeof(*simulation->available));
    for (size_t i = 0; i < history->package_count; i++)
        simulation->available[i] = 1;
    find_holders(simulation);
    for (size_t i = 0; i < history->image_count; i++)
        begin_image(simulation, (int)i);
}

void fleet_tell(struct simulation *simulation, int index)
{
    struct sim_image *image = &simulation->images[index];
    image->plan.verdict = image->verdict.key == NULL ? NULL : &image->verdict;
    image->plan.open_key = image->plan.open_build == 0 ? NULL : image->open_key;
    rb_planner_set(simulation->planner, (size_t)index, &image->plan);
}

static void find_updates(struct simulation *simulation, struct sim_image *image)
{
    const struct rb_history_image *model = image->model;
    size_t count = 0;
    for (size_t i = 0; i < model->package_count; i++) {
        int available = simulation->available[model->packages[i]];
        if (available > image->installed[i])
            image->updates[count++] = (struct rb_plan_update){
                .package = simulation->history->packages[model->packages[i]],
                .from = version_text(simulation, image->installed[i]),
                .to = version_text(simulation, available)};
    }
    image->plan.update_count = count;
}

static void expose(struct simulation *simulation, int index,
                   const struct rb_history_advisory *advisory)
{
    struct sim_image *image = &simulation->images[index];
    simulation->exposures =
        rb_arena_grow(simulation->arena, simulation->exposures, simulation->exposure_count,
                      &simulation->exposure_capacity, sizeof(*simulation->exposures));
    simulation->exposures[simulation->exposure_count] =
        (struct exposure){.advisory = advisory,
                          .image = index,
                          .next = image->exposures,
                          .opened_at = simulation->now_at};
    image->exposures = (int)simulation->exposure_count++;
}

void fleet_event(struct simulation *simulation, const struct rb_history_event *event)
{
    struct sim_image *image = &simulation->images[event->subject];
    switch (event->kind) {
    case RB_HISTORY_CODE:
        set_text(image->tree, "tree", ++image->trees);
        break;
    case RB_HISTORY_BASE:
        set_text(image->base, "base", ++image->bases);
        break;
    case RB_HISTORY_PACKAGE:
    case RB_HISTORY_KIND_COUNT:
        simulation->available[event->subject]++;
        for (size_t i = 0; i < simulation->holder_counts[event->subject]; i++) {
            int holder = simulation->holders[event->subject][i];
            find_updates(simulation, &simulation->images[holder]);
            simulation->images[holder].plan.changed_at = simulation->now_at;
            if (event->advisory != NULL)
                expose(simulation, holder, event->advisory);
            fleet_tell(simulation, holder);
        }
        return;
    }
    image->plan.changed_at = simulation->now_at;
    fleet_tell(simulation, event->subject);
}

/* What it takes in is what is there when it starts. */
void fleet_start_build(struct simulation *simulation, int index)
{
    struct sim_image *image = &simulation->images[index];
    const char *base =
        image->model->base < 0 ? image->base : simulation->images[image->model->base].digest;
    image->plan.open_running = true;
    image->started_at = simulation->now_at;
    memcpy(image->open_tree, image->tree, STATE_TEXT_SIZE);
    (void)snprintf(image->open_base, STATE_TEXT_SIZE, "%s", base);
    for (size_t i = 0; i < image->model->package_count; i++)
        image->installed[i] = simulation->available[image->model->packages[i]];
    simulation->counts.waited_ms += simulation->now_at - image->queued_at;
    rb_heap_put(&simulation->ends, &image->end, simulation->now_at + image->model->build_ms);
    fleet_tell(simulation, index);
}

static void close_exposures(struct simulation *simulation, struct sim_image *image)
{
    int kept = NO_EXPOSURE, next;
    for (int at = image->exposures; at != NO_EXPOSURE; at = next) {
        struct exposure *exposure = &simulation->exposures[at];
        next = exposure->next;
        if (exposure->opened_at <= image->started_at) {
            exposure->closed_at = simulation->now_at;
        } else {
            exposure->next = kept;
            kept = at;
        }
    }
    image->exposures = kept;
}

void fleet_end_build(struct simulation *simulation, int index)
{
    struct sim_image *image = &simulation->images[index];
    memcpy(image->built_tree, image->open_tree, STATE_TEXT_SIZE);
    memcpy(image->built_base, image->open_base, STATE_TEXT_SIZE);
    memcpy(image->last_key, image->open_key, sizeof(image->last_key));
    (void)snprintf(image->digest, STATE_TEXT_SIZE, "image%d.%d", index, ++image->builds);
    image->plan.open_build = 0;
    image->plan.open_running = false;
    image->plan.last = RB_LAST_GOOD;
    image->plan.last_attempt = 1;
    image->plan.last_finished_at = simulation->now_at;
    image->plan.given_up = 0;
    find_updates(simulation, image);
    close_exposures(simulation, image);
    fleet_tell(simulation, index);
}
