/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop: the clock goes to the next thing that happens, all that happens then is told to the
 * planner, and what it wants is done until it wants nothing more.
 *
 *   something happens ──▶ plan ──asks──▶ policy ──▶ plan ──builds──▶ queue ──dispatch──▶ running
 */
#include "rebake/simulate/simulate.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "simulation.h"

static const int64_t DAY_MS = INT64_C(24) * 3600 * 1000;

static int64_t earlier(int64_t a, int64_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static int64_t first_key(const struct rb_heap *heap)
{
    const struct rb_heap_node *first = rb_heap_first(heap);
    return first == NULL ? 0 : first->key;
}

/* 0: nothing more happens in the history's time. */
static int64_t next_time(const struct simulation *simulation)
{
    const struct rb_history *history = simulation->history;
    int64_t at = simulation->next_event < history->event_count
                     ? history->events[simulation->next_event].at
                     : 0;
    at = earlier(at, first_key(&simulation->ends));
    at = earlier(at, first_key(&simulation->approvals));
    at = earlier(at, simulation->plan_wake_at);
    at = earlier(at, simulation->waiting_count == 0 ? 0 : simulation->dispatch_wake_at);
    return at > history->ends_at ? 0 : at;
}

static void remove_from(int *list, size_t *count, int image)
{
    for (size_t i = 0; i < *count; i++) {
        if (list[i] != image)
            continue;
        memmove(list + i, list + i + 1, (*count - i - 1) * sizeof(*list));
        (*count)--;
        return;
    }
}

static void note_served(struct simulation *simulation, const struct sim_image *image)
{
    for (size_t i = 0; i < simulation->served_count; i++) {
        struct rb_dispatch_served *served = &simulation->served[i];
        if (served->priority == image->priority &&
            rb_text_equal(served->pipeline, image->model->pipeline)) {
            served->at = simulation->now_at;
            return;
        }
    }
    simulation->served =
        rb_arena_grow(simulation->arena, simulation->served, simulation->served_count,
                      &simulation->served_capacity, sizeof(*simulation->served));
    simulation->served[simulation->served_count++] =
        (struct rb_dispatch_served){image->model->pipeline, image->priority, simulation->now_at};
}

static void note_spent(struct simulation *simulation, const struct sim_image *image)
{
    for (size_t i = 0; image->budget.name != NULL && i < simulation->spent_count; i++) {
        if (rb_text_equal(simulation->spent[i].budget, image->budget.name))
            simulation->spent[i].ms += image->model->build_ms;
    }
}

static void end_builds(struct simulation *simulation)
{
    struct rb_heap_node *first;
    while ((first = rb_heap_first(&simulation->ends)) != NULL && first->key <= simulation->now_at) {
        struct sim_image *image = rb_container_of(first, struct sim_image, end);
        int index = (int)(image - simulation->images);
        rb_heap_take(&simulation->ends, first);
        remove_from(simulation->running, &simulation->running_count, index);
        simulation->counts.builds++;
        simulation->counts.build_ms += image->model->build_ms;
        note_served(simulation, image);
        note_spent(simulation, image);
        fleet_end_build(simulation, index);
    }
}

static void give_approvals(struct simulation *simulation)
{
    struct rb_heap_node *first;
    while ((first = rb_heap_first(&simulation->approvals)) != NULL &&
           first->key <= simulation->now_at) {
        struct sim_image *image = rb_container_of(first, struct sim_image, approval);
        rb_heap_take(&simulation->approvals, first);
        simulation->counts.approvals += image->approvals_wanted - image->approvals_given;
        image->approvals_given = image->approvals_wanted;
        image->verdict.key = NULL; /* to be asked again */
        fleet_tell(simulation, (int)(image - simulation->images));
    }
}

static int let_events_happen(struct simulation *simulation, struct rb_err *err)
{
    const struct rb_history *history = simulation->history;
    int status = 0;
    while (status == 0 && simulation->next_event < history->event_count &&
           history->events[simulation->next_event].at <= simulation->now_at) {
        const struct rb_history_event *event = &history->events[simulation->next_event++];
        size_t before = simulation->exposure_count;
        int64_t deadline_at = 0;
        fleet_event(simulation, event);
        if (simulation->told->policy != NULL && simulation->exposure_count > before)
            status = ask_for_deadline(simulation, event->advisory,
                                      simulation->exposures[before].image, &deadline_at, err);
        for (size_t i = before; i < simulation->exposure_count; i++)
            simulation->exposures[i].deadline_at = deadline_at;
    }
    return status;
}

static void queue_build(struct simulation *simulation, int index,
                        const struct rb_plan_decision *decision)
{
    struct sim_image *image = &simulation->images[index];
    memcpy(image->open_key, decision->input_key, sizeof(image->open_key));
    simulation->counts.replaced += decision->replace;
    if (!decision->replace) {
        image->plan.open_build = 1;
        image->queued_at = simulation->now_at;
        simulation->waiting[simulation->waiting_count++] = index;
        for (size_t i = 0; i < decision->reason_count; i++) {
            if (i == 0 || decision->reasons[i].kind != decision->reasons[i - 1].kind)
                simulation->counts.by_reason[decision->reasons[i].kind]++;
        }
    }
    fleet_tell(simulation, index);
}

static void give_up(struct simulation *simulation, int index)
{
    struct sim_image *image = &simulation->images[index];
    simulation->counts.given_up++;
    image->plan.given_up += image->plan.open_running;
    if (image->plan.open_running) {
        /* It took the time that it ran. */
        simulation->counts.build_ms += simulation->now_at - image->started_at;
        rb_heap_take(&simulation->ends, &image->end);
        remove_from(simulation->running, &simulation->running_count, index);
    } else {
        remove_from(simulation->waiting, &simulation->waiting_count, index);
    }
    image->plan.open_build = 0;
    image->plan.open_running = false;
    fleet_tell(simulation, index);
}

static int obey(struct simulation *simulation, int index, const struct rb_plan_decision *decision,
                struct rb_err *err)
{
    int64_t *since_at = &simulation->images[index].plan.settling_since;
    int64_t settling_since = *since_at;
    if (decision->state != RB_PLAN_SETTLING)
        *since_at = 0;
    else if (*since_at == 0)
        *since_at = simulation->now_at;
    if (*since_at != settling_since)
        fleet_tell(simulation, index);
    if (decision->build || decision->replace)
        queue_build(simulation, index, decision);
    if (decision->give_up != NULL)
        give_up(simulation, index);
    return decision->ask ? ask_about(simulation, index, decision, err) : 0;
}

/* Until nothing is asked and nothing changes any more. */
static int plan(struct simulation *simulation, struct rb_err *err)
{
    int status = 0;
    for (bool more = true; status == 0 && more;) {
        struct rb_planner_update update;
        rb_planner_update(simulation->planner, simulation->now_at, &update);
        simulation->plan_wake_at = update.plan->wake_at;
        more = update.decided_count > 0;
        for (size_t i = 0; status == 0 && i < update.decided_count; i++)
            status = obey(simulation, (int)update.decided[i],
                          &update.plan->decisions[update.decided[i]], err);
    }
    return status;
}

static void show_builds(const struct simulation *simulation, const int *images, size_t count,
                        struct rb_dispatch_build *builds)
{
    for (size_t i = 0; i < count; i++) {
        const struct sim_image *image = &simulation->images[images[i]];
        builds[i] = (struct rb_dispatch_build){.id = images[i] + 1,
                                               .pipeline = image->model->pipeline,
                                               .priority = image->priority,
                                               .queued_at = image->queued_at,
                                               .started_at = image->started_at,
                                               .expected_ms = image->model->build_ms,
                                               .limits = &image->limit,
                                               .limit_count = image->limit.name != NULL,
                                               .budgets = &image->budget,
                                               .budget_count = image->budget.name != NULL};
    }
}

static void reset_budgets(struct simulation *simulation)
{
    if (simulation->now_at < simulation->budget_resets_at)
        return;
    simulation->budget_resets_at = (simulation->now_at / DAY_MS + 1) * DAY_MS;
    for (size_t i = 0; i < simulation->spent_count; i++)
        simulation->spent[i].ms = 0;
}

static void dispatch(struct simulation *simulation)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    size_t waiting_count = simulation->waiting_count;
    reset_budgets(simulation);
    if (waiting_count == 0)
        return;
    struct rb_dispatch_build *waiting = rb_arena_array(arena, waiting_count, sizeof(*waiting));
    struct rb_dispatch_build *running =
        rb_arena_array(arena, simulation->running_count, sizeof(*running));
    show_builds(simulation, simulation->waiting, waiting_count, waiting);
    show_builds(simulation, simulation->running, simulation->running_count, running);
    struct rb_dispatch_queue queue = {.now_at = simulation->now_at,
                                      .budget_resets_at = simulation->budget_resets_at,
                                      .most_jobs = simulation->told->jobs,
                                      .waiting = waiting,
                                      .waiting_count = waiting_count,
                                      .running = running,
                                      .running_count = simulation->running_count,
                                      .spent = simulation->spent,
                                      .spent_count = simulation->spent_count,
                                      .served = simulation->served,
                                      .served_count = simulation->served_count};
    struct rb_dispatch answer;
    rb_dispatch_make(&queue, arena, &answer);
    simulation->dispatch_wake_at = answer.wake_at;
    for (size_t i = 0; i < answer.start_count; i++) {
        int image = (int)waiting[answer.starts[i]].id - 1;
        remove_from(simulation->waiting, &simulation->waiting_count, image);
        simulation->running[simulation->running_count++] = image;
        fleet_start_build(simulation, image);
    }
}

static void note_most(struct simulation *simulation)
{
    struct counts *counts = &simulation->counts;
    if (simulation->running_count > counts->most_running)
        counts->most_running = simulation->running_count;
    if (simulation->waiting_count > counts->most_waiting)
        counts->most_waiting = simulation->waiting_count;
}

static int step(struct simulation *simulation, struct rb_err *err)
{
    end_builds(simulation);
    give_approvals(simulation);
    int status = let_events_happen(simulation, err);
    if (status == 0)
        status = plan(simulation, err);
    if (status != 0)
        return status;
    dispatch(simulation);
    note_most(simulation);
    return plan(simulation, err); /* the planner sees what runs now */
}

static int run(struct simulation *simulation, struct rb_err *err)
{
    size_t count = simulation->history->image_count;
    simulation->waiting = rb_arena_array(simulation->arena, count, sizeof(int));
    simulation->running = rb_arena_array(simulation->arena, count, sizeof(int));
    simulation->now_at = simulation->history->begins_at;
    fleet_begin(simulation);
    int status = step(simulation, err);
    for (int64_t at; status == 0 && (at = next_time(simulation)) != 0;) {
        simulation->now_at = at > simulation->now_at ? at : simulation->now_at;
        status = step(simulation, err);
    }
    simulation->now_at = simulation->history->ends_at;
    return status;
}

int rb_simulate(const struct rb_simulation *told, json_t **ret_report, struct rb_err *err)
{
    struct simulation simulation = {.told = told,
                                    .history = told->history,
                                    .arena = rb_arena_new(),
                                    .planner = rb_planner_new(told->history->image_count)};
    int status = run(&simulation, err);
    if (status == 0)
        *ret_report = report_make(&simulation);
    rb_planner_free(simulation.planner);
    rb_heap_deinit(&simulation.ends);
    rb_heap_deinit(&simulation.approvals);
    rb_strlist_deinit(&simulation.versions);
    rb_arena_free(simulation.arena);
    return status;
}
