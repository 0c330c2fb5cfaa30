/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of the engine, and when it plans:
 *
 *   a check, a job's end, an operator's word ──▶ rb_engine_plan_soon ──▶ plan ──▶ start jobs
 *   the plan's own wake_at, or a minute      ──▶        the timer     ──┘
 *
 * Planning is asked for by a timer of no delay, so that all that happens in one turn of the loop
 * makes one plan.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"

enum {
    PLAN_EVERY_MS = 60 * 1000, /* though nothing happened: what was missed is seen then */
    PLAN_AFTER_ERROR_MS = 5 * 1000
};

int64_t engine_earlier(int64_t a, int64_t b)
{
    if (a == 0 || b == 0)
        return a == 0 ? b : a;
    return a < b ? a : b;
}

static int plan_and_start(struct rb_engine *engine, int64_t *ret_wake_at, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    int64_t wake_at = 0, pause_at = 0;
    int status = engine_lift_words(engine, arena, &pause_at, err);
    if (status == 0)
        status = engine_plan(engine, arena, &wake_at, err);
    if (status == 0)
        status = engine_start_builds(engine, arena, &wake_at, err);
    if (status == 0)
        status = engine_start_rollouts(engine, arena, &wake_at, err);
    *ret_wake_at = engine_earlier(wake_at, pause_at);
    return status;
}

/* With --once: nothing runs, nothing is being looked at, and time alone would not bring more. */
static bool nothing_left(const struct rb_engine *engine)
{
    return engine->once && engine->jobs == NULL && engine->questions == NULL &&
           (engine->policy_server == NULL || engine->policy_was_heard) &&
           engine_checks_are_quiet(engine) && !engine->planning_soon && !engine->following_soon;
}

static void plan_now(void *context)
{
    struct rb_engine *engine = context;
    struct rb_err err;
    int64_t wake_at = 0;
    engine->planning_soon = false;
    if (plan_and_start(engine, &wake_at, &err) != 0) {
        rb_log(RB_LOG_ERROR, "planning failed; trying again", "error", err.text, NULL);
        rb_timer_start(engine->plan_timer, PLAN_AFTER_ERROR_MS, 0);
        return;
    }
    if (engine_has_marks(engine)) /* what was queued and started just now is told too */
        rb_engine_plan_soon(engine);
    engine->behind = engine->planning_soon;
    if (engine->planning_soon)
        return;
    if (nothing_left(engine)) {
        rb_loop_stop(engine->loop);
        return;
    }
    int64_t delay_ms = PLAN_EVERY_MS;
    int64_t until_wake_ms = wake_at - rb_clock_now(engine->clock);
    if (wake_at != 0 && until_wake_ms < delay_ms)
        delay_ms = until_wake_ms;
    rb_timer_start(engine->plan_timer, delay_ms, 0);
}

void rb_engine_plan_soon(struct rb_engine *engine)
{
    engine->behind = true;
    if (engine->planning_soon)
        return;
    engine->planning_soon = true;
    rb_timer_start(engine->plan_timer, 0, 0);
}

bool rb_engine_is_behind(const struct rb_engine *engine)
{
    return engine->behind;
}

static void checks_due(void *context)
{
    engine_start_due_checks(context);
}

static void records_due(void *context)
{
    engine_record_checks(context);
}

static void follow_due(void *context)
{
    engine_load_followed(context);
}

static void hooks_due(void *context)
{
    engine_serve_hooks(context);
}

/* One engine a state folder: two would both be right and start everything twice. */
static int lock_state_folder(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/lock", engine->state_folder);
    engine->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (engine->lock_fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    if (flock(engine->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return rb_err_set(
            err, RB_EEXIST,
            "%s is in use by another rebaked: stop it, or give --state another folder",
            engine->state_folder);
    return 0;
}

static int prepare_state(struct rb_engine *engine, struct rb_err *err)
{
    RB_CLEANUP_FREE char *jobs = rb_asprintf("%s/jobs", engine->state_folder);
    RB_CLEANUP_FREE char *store = rb_asprintf("%s/rebake.db", engine->state_folder);
    int status = rb_folder_make(jobs, 0700, err);
    if (status == 0)
        status = rb_folder_make(engine->cache_folder, 0700, err);
    if (status == 0)
        status = lock_state_folder(engine, err);
    if (status == 0)
        status = rb_store_open(store, engine->clock, &engine->store, err);
    return status;
}

static struct rb_engine *new_engine(const struct rb_engine_options *options)
{
    struct rb_engine *engine = rb_zalloc(sizeof(*engine));
    uint64_t seed;
    rb_random_system(&seed, sizeof(seed));
    rb_random_seed(&engine->random, seed);
    engine->loop = options->loop;
    engine->clock = options->clock;
    engine->diagnostics = options->diagnostics;
    engine->max_jobs = options->max_jobs;
    engine->once = options->once;
    engine->lock_fd = -1;
    engine->started_at = rb_clock_now(options->clock);
    engine->state_folder = rb_strdup(options->state_folder);
    engine->cache_folder = rb_asprintf("%s/cache", options->state_folder);
    engine->pipelines_folder = rb_asprintf("%s/pipelines", options->state_folder);
    engine->program = rb_strdup(options->program);
    rb_strlist_add_all(&engine->pipeline_paths, options->pipeline_paths);
    engine->http = rb_http_new(engine->loop);
    engine->registry = rb_registry_new(engine->http);
    engine->executor = rb_executor_new(engine->loop, engine->program);
    engine->plan_timer = rb_timer_new(engine->loop, plan_now, engine);
    engine->check_timer = rb_timer_new(engine->loop, checks_due, engine);
    engine->record_timer = rb_timer_new(engine->loop, records_due, engine);
    engine->hook_timer = rb_timer_new(engine->loop, hooks_due, engine);
    engine->follow_timer = rb_timer_new(engine->loop, follow_due, engine);
    engine->exposures = engine_exposures_new(engine);
    engine->queue = rb_check_queue_new(&engine_check_limits);
    engine->tools = (struct rb_watch_tools){.loop = engine->loop,
                                            .http = engine->http,
                                            .registry = engine->registry,
                                            .clock = engine->clock,
                                            .program = engine->program,
                                            .cache_folder = engine->cache_folder,
                                            .pipelines_folder = engine->pipelines_folder};
    return engine;
}

int rb_engine_start(const struct rb_engine_options *options, struct rb_engine **ret_engine,
                    struct rb_err *err)
{
    struct rb_engine *engine = new_engine(options);
    int status = prepare_state(engine, err);
    if (status == 0)
        status = engine_load(engine, ENGINE_ALL_FILES, err);
    if (status == 0)
        status = engine_adopt_builds(engine, err);
    if (status == 0)
        status = engine_adopt_rollouts(engine, err);
    if (status != 0) {
        rb_engine_stop(engine);
        return status;
    }
    rb_timer_start(engine->check_timer, 0, 0);
    rb_engine_plan_soon(engine);
    *ret_engine = engine;
    return 0;
}

void rb_engine_stop(struct rb_engine *engine)
{
    if (engine == NULL)
        return;
    engine_cancel_checks(engine);
    rb_executor_free(engine->executor);
    while (engine->jobs != NULL)
        engine_remove_job(engine->jobs);
    engine_unload(engine);
    engine_exposures_free(engine->exposures);
    engine_stop_policy(engine);
    rb_registry_free(engine->registry);
    rb_http_free(engine->http);
    rb_timer_free(engine->plan_timer);
    rb_timer_free(engine->check_timer);
    rb_timer_free(engine->record_timer);
    rb_timer_free(engine->hook_timer);
    rb_timer_free(engine->follow_timer);
    rb_check_queue_free(engine->queue);
    rb_store_close(engine->store);
    rb_cleanup_close(&engine->lock_fd);
    rb_strlist_deinit(&engine->pipeline_paths);
    rb_free(engine->state_folder);
    rb_free(engine->cache_folder);
    rb_free(engine->pipelines_folder);
    rb_free(engine->program);
    rb_free(engine);
}

void rb_engine_set_cost(struct rb_engine *engine, double cost_per_minute)
{
    engine->cost_per_minute = cost_per_minute;
}

bool rb_engine_has_failed(const struct rb_engine *engine)
{
    return engine->failed;
}

struct rb_store *rb_engine_store(struct rb_engine *engine)
{
    return engine->store;
}

int rb_engine_reload(struct rb_engine *engine, struct rb_err *err)
{
    int status = engine_load(engine, ENGINE_ALL_FILES, err);
    if (status != 0)
        return status;
    rb_timer_start(engine->check_timer, 0, 0);
    rb_engine_plan_soon(engine);
    return 0;
}
