/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the queued builds start: the store's queue is shown to the dispatcher, and what it says
 * of those that wait is kept where it differs from what was said before. The day of budgets is
 * UTC's.
 */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/plan/dispatch.h"
#include "rebake/plan/priority.h"
#include "rebake/store/queue.h"

enum { LOOK_EVERY_MS = 60 * 1000 };

struct shown {
    const struct rb_queue_row **rows; /* that wait, in the order of the dispatcher's */
    struct rb_dispatch_queue queue;
};

static void show_build(const struct rb_queue_row *row, struct rb_arena *arena,
                       struct rb_dispatch_build *build)
{
    *build = (struct rb_dispatch_build){.id = row->build_id,
                                        .pipeline = row->pipeline,
                                        .priority = row->terms.priority,
                                        .queued_at = row->queued_at,
                                        .started_at = row->started_at,
                                        .expected_ms = row->terms.expected_ms};
    if (row->terms.bound != NULL) {
        struct rb_dispatch_limit *limit = rb_arena_alloc(arena, sizeof(*limit));
        *limit = (struct rb_dispatch_limit){row->terms.bound, row->terms.bound_most};
        build->limits = limit;
        build->limit_count = 1;
    }
    if (row->terms.budget != NULL) {
        struct rb_dispatch_budget *budget = rb_arena_alloc(arena, sizeof(*budget));
        *budget = (struct rb_dispatch_budget){row->terms.budget, row->terms.budget_ms_a_day};
        build->budgets = budget;
        build->budget_count = 1;
    }
}

/* A build whose end could not be recorded runs no more, whatever the store says of it. */
static void show_rows(struct rb_engine *engine, const struct rb_queue_row *rows, size_t count,
                      struct rb_arena *arena, struct shown *shown)
{
    struct rb_dispatch_build *waiting = rb_arena_array(arena, count, sizeof(*waiting));
    struct rb_dispatch_build *running = rb_arena_array(arena, count, sizeof(*running));
    shown->rows = rb_arena_array(arena, count, sizeof(*shown->rows));
    for (size_t i = 0; i < count; i++) {
        bool runs = engine_find_job(engine, ENGINE_BUILD, rows[i].build_id) != NULL;
        if (runs)
            show_build(&rows[i], arena, &running[shown->queue.running_count++]);
        if (rows[i].running || runs)
            continue;
        shown->rows[shown->queue.waiting_count] = &rows[i];
        show_build(&rows[i], arena, &waiting[shown->queue.waiting_count++]);
    }
    shown->queue.waiting = waiting;
    shown->queue.running = running;
}

static int show_use(struct rb_engine *engine, struct rb_arena *arena,
                    struct rb_dispatch_queue *queue, struct rb_err *err)
{
    struct rb_build_use *uses;
    size_t count;
    int64_t day_began_at = queue->now_at - queue->now_at % RB_DISPATCH_DAY_MS;
    int64_t patience_at = queue->now_at - RB_DISPATCH_PATIENCE_MS;
    queue->budget_resets_at = day_began_at + RB_DISPATCH_DAY_MS;
    int status =
        rb_store_build_use(engine->store, day_began_at < patience_at ? day_began_at : patience_at,
                           day_began_at, arena, &uses, &count, err);
    if (status != 0)
        return status;
    struct rb_dispatch_spent *spent = rb_arena_array(arena, count, sizeof(*spent));
    struct rb_dispatch_served *served = rb_arena_array(arena, count, sizeof(*served));
    for (size_t i = 0; i < count; i++) {
        served[queue->served_count++] =
            (struct rb_dispatch_served){uses[i].pipeline, uses[i].priority, uses[i].ended_at};
        if (uses[i].budget != NULL)
            spent[queue->spent_count++] =
                (struct rb_dispatch_spent){uses[i].budget, uses[i].used_ms};
    }
    queue->spent = spent;
    queue->served = served;
    return 0;
}

/* A cause that is told already is not written again. */
static int note_waits(struct rb_engine *engine, const struct shown *shown,
                      const struct rb_dispatch *dispatch, struct rb_err *err)
{
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < shown->queue.waiting_count; i++) {
        const struct rb_dispatch_wait *wait = &dispatch->waits[i];
        const struct rb_build_wait *told = &shown->rows[i]->wait;
        if (wait->cause == RB_DISPATCH_STARTS || (strcmp(wait->text, told->text) == 0 &&
                                                  rb_text_equal(wait->waits_for, told->waits_for)))
            continue;
        const struct rb_build_wait now = {rb_dispatch_cause_name(wait->cause), wait->text,
                                          wait->waits_for};
        status = rb_store_set_build_wait(engine->store, shown->rows[i]->build_id, &now, err);
    }
    if (status == 0)
        status = rb_store_commit(engine->store, err);
    if (status != 0)
        rb_store_rollback(engine->store);
    return status;
}

/* What was queued for an image that no pipeline has any more is not built. */
static int drop_orphans(struct rb_engine *engine, struct rb_queue_row *rows, size_t *count,
                        struct rb_err *err)
{
    size_t kept = 0;
    int status = 0;
    for (size_t i = 0; status == 0 && i < *count; i++) {
        if (!rows[i].running && engine_image_by_id(engine, rows[i].image_id) == NULL)
            status = engine_drop_build(engine, rows[i].build_id, err);
        else
            rows[kept++] = rows[i];
    }
    *count = kept;
    return status;
}

/* Who asks for what is queued insists: it goes early, and whatever budgets say. */
static int join_requests(struct rb_engine *engine, struct rb_queue_row *rows, size_t count,
                         struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct engine_image *image = engine_image_by_id(engine, rows[i].image_id);
        bool joined = false;
        if (rows[i].running || image == NULL || image->request_who == NULL)
            continue;
        status = rb_store_join_requests(engine->store, rows[i].build_id, RB_PRIORITY_REQUESTED,
                                        &joined, err);
        if (status != 0 || !joined)
            continue;
        if (rows[i].terms.priority < RB_PRIORITY_REQUESTED)
            rows[i].terms.priority = RB_PRIORITY_REQUESTED;
        rows[i].terms.budget = NULL;
        engine_mark_facts(engine, image);
    }
    return status;
}

static int look(struct rb_engine *engine, struct rb_arena *arena, struct rb_err *err)
{
    struct rb_queue_row *rows;
    size_t count;
    struct shown shown = {
        .queue = {.now_at = rb_clock_now(engine->clock), .most_jobs = engine->max_jobs}};
    struct rb_dispatch dispatch;
    int status = rb_store_queue(engine->store, arena, &rows, &count, err);
    if (status == 0)
        status = drop_orphans(engine, rows, &count, err);
    if (status == 0)
        status = join_requests(engine, rows, count, err);
    if (status != 0)
        return status;
    show_rows(engine, rows, count, arena, &shown);
    if (shown.queue.waiting_count == 0)
        return 0;
    status = show_use(engine, arena, &shown.queue, err);
    if (status != 0)
        return status;
    rb_dispatch_make(&shown.queue, arena, &dispatch);
    status = note_waits(engine, &shown, &dispatch, err);
    for (size_t i = 0; status == 0 && i < dispatch.start_count; i++)
        status = engine_start_build(engine, shown.rows[dispatch.starts[i]]->build_id, err);
    engine->queue_wake_at = dispatch.wake_at;
    return status;
}

/* Most plannings change nothing in the queue, and it may be long. Though nothing seems to have
   changed it is looked at now and then, as images are. */
static bool is_due(const struct rb_engine *engine, int64_t now_at)
{
    return engine->queue_changed || now_at < engine->queue_looked_at ||
           now_at >= engine->queue_looked_at + LOOK_EVERY_MS ||
           (engine->queue_wake_at != 0 && now_at >= engine->queue_wake_at);
}

int engine_start_builds(struct rb_engine *engine, struct rb_arena *arena, int64_t *wake_at,
                        struct rb_err *err)
{
    int64_t now_at = rb_clock_now(engine->clock);
    int status = 0;
    if (is_due(engine, now_at)) {
        engine->queue_changed = false;
        engine->queue_looked_at = now_at;
        engine->queue_wake_at = 0;
        status = look(engine, arena, err);
        if (status != 0)
            engine->queue_changed = true;
    }
    *wake_at = engine_earlier(*wake_at, engine->queue_wake_at);
    return status;
}
