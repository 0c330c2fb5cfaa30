/* SPDX-License-Identifier: Apache-2.0 */
/* When sources are checked; what becomes of the answer is in check_records.c. */
#include <stdlib.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"

/* Gentle with any one upstream, and more than ten thousand sources at their usual pace need. */
const struct rb_check_limits engine_check_limits = {
    .at_once = 32, .host = {.at_once = 8, .per_second = 50, .burst = 50, .failures = 5}};

enum { LONGEST_SLEEP_MS = 60 * 1000 };

/* A check with --once is one that this engine made: what an earlier one saw may be old. */
bool engine_checks_are_quiet(const struct rb_engine *engine)
{
    for (size_t i = 0; i < engine->source_count; i++) {
        const struct engine_source *source = &engine->sources[i];
        if (source->check != NULL || source->recording || source->turn.due.place != 0 ||
            !source->checked)
            return false;
    }
    return true;
}

/* The queue counts steady time: a clock that is set holds nothing back. */
static int64_t steady(const struct rb_engine *engine, int64_t at)
{
    return rb_clock_monotonic_ms() + (at - rb_clock_now(engine->clock));
}

/* The timer is set by the queue's own word, which any call to it may change. */
static void set_timer(struct rb_engine *engine)
{
    int64_t now = rb_clock_monotonic_ms(), ready_at = rb_check_queue_ready_at(engine->queue);
    int64_t sleep_ms = ready_at < now + LONGEST_SLEEP_MS ? ready_at - now : LONGEST_SLEEP_MS;
    rb_timer_start(engine->check_timer, sleep_ms > 0 ? sleep_ms : 0, 0);
}

void engine_wait_for_turn(struct engine_source *source, int64_t next_check_at)
{
    struct rb_engine *engine = source->engine;
    source->asked = source->asked || source->check_again;
    if (engine->once && source->checked && !source->check_again)
        return;
    source->check_again = false;
    source->next_check_at = next_check_at;
    rb_check_queue_put(engine->queue, &source->turn, steady(engine, next_check_at), source->asked);
    set_timer(engine);
}

static int by_host(const void *a, const void *b)
{
    const struct engine_source *const *left = a, *const *right = b;
    if ((*left)->turn.host == (*right)->turn.host)
        return 0;
    return (uintptr_t)(*left)->turn.host < (uintptr_t)(*right)->turn.host ? -1 : 1;
}

/* Nobody was there to ask when these became due: their hosts are not to pay for that. */
static void spread_overdue(struct rb_engine *engine, struct engine_source **sources, size_t count,
                           int64_t now)
{
    for (size_t first = 0, last; first < count; first = last) {
        for (last = first + 1; last < count && by_host(&sources[first], &sources[last]) == 0;)
            last++;
        for (size_t i = first; i < last; i++)
            sources[i]->next_check_at =
                now + rb_check_spread_ms(last - first, engine_check_limits.host.per_second,
                                         sources[i]->every_ms, &engine->random);
    }
}

void engine_queue_sources(struct rb_engine *engine)
{
    size_t count = 0;
    int64_t now = rb_clock_now(engine->clock);
    RB_CLEANUP_FREE struct engine_source **overdue =
        rb_calloc(engine->source_count, sizeof(struct engine_source *));
    for (size_t i = 0; i < engine->source_count; i++) {
        struct engine_source *source = &engine->sources[i];
        source->asked = source->asked || engine->once;
        if (!source->asked && source->next_check_at != 0 && source->next_check_at <= now)
            overdue[count++] = source;
    }
    qsort(overdue, count, sizeof(struct engine_source *), by_host);
    spread_overdue(engine, overdue, count, now);
    for (size_t i = 0; i < engine->source_count; i++)
        engine_wait_for_turn(&engine->sources[i], engine->sources[i].next_check_at);
}

/* A source that seldom changes is asked less often. */
static int64_t interval_of(const struct engine_source *source,
                           const struct rb_check_outcome *outcome, int64_t now)
{
    bool has_changed = outcome->result != NULL && !outcome->result->unchanged;
    int64_t age_ms = has_changed || source->changed_at == 0 ? 0 : now - source->changed_at;
    return rb_check_interval_ms(source->every_ms, age_ms);
}

static void check_done(void *context, const struct rb_check_outcome *outcome)
{
    struct engine_source *source = context;
    struct rb_engine *engine = source->engine;
    struct rb_check_outcome told = *outcome;
    struct rb_err fault;
    engine_tell_fault(source, &told, &fault);
    int64_t now = rb_clock_now(engine->clock);
    int64_t interval_ms = interval_of(source, &told, now);
    const struct rb_host_answer answer = {
        .trouble = told.trouble,
        .requests = told.requests,
        .retry_after_ms = engine->once ? 0 : told.retry_after_ms,
        .limit = engine->once ? (struct rb_http_limit){0} : told.limit,
    };
    source->check = NULL;
    source->checked = true;
    rb_check_queue_end(engine->queue, &source->turn, rb_clock_monotonic_ms(), answer,
                       &engine->random);
    source->failures = told.error == NULL ? 0 : source->failures + 1;
    int64_t next_check_at =
        now + rb_check_next_ms(interval_ms, source->failures, told.retry_after_ms, &engine->random);
    engine_note_check(source, &told, interval_ms, next_check_at);
    set_timer(engine);
}

static void start_check(struct engine_source *source)
{
    static const char *const NO_PATHS[] = {NULL};
    struct rb_check_request request = {
        .source = source->model,
        .memo = source->memo,
        .known_version = source->detail == NULL ? NULL : source->version,
        .paths = source->paths.count == 0 ? NO_PATHS : (const char *const *)source->paths.items,
    };
    source->check = rb_check_start(&source->engine->tools, &request, check_done, source);
}

void engine_start_due_checks(struct rb_engine *engine)
{
    struct rb_check_turn *turn;
    int64_t now = rb_clock_monotonic_ms();
    while ((turn = rb_check_queue_begin(engine->queue, now)) != NULL)
        start_check(rb_container_of(turn, struct engine_source, turn));
    set_timer(engine);
}

void engine_check_soon(struct engine_source *source)
{
    source->check_again = true;
    if (source->check == NULL && !source->recording)
        engine_wait_for_turn(source, 0);
}

struct rb_engine_host rb_engine_source_host(const struct rb_engine *engine, int64_t source_id)
{
    const struct engine_source *source = engine_source_by_id(engine, source_id);
    if (source == NULL)
        return (struct rb_engine_host){0};
    const struct rb_host *host = rb_check_host_state(source->turn.host);
    int64_t now = rb_clock_monotonic_ms();
    int64_t limited_until =
        host->limited_until > host->spread_until ? host->limited_until : host->spread_until;
    bool is_limited = host->state == RB_HOST_UP && limited_until > now;
    int64_t until = is_limited                                              ? limited_until
                    : host->state == RB_HOST_DOWN && host->down_until > now ? host->down_until
                                                                            : 0;
    return (struct rb_engine_host){
        .name = rb_check_host_name(source->turn.host),
        .state = is_limited ? "limited" : rb_host_state_name(host->state),
        .until = until == 0 ? 0 : rb_clock_now(engine->clock) + (until - now),
        .under_way = host->under_way,
        .limit = host->limit_until > now ? host->limit : (struct rb_http_limit){0},
    };
}

/* Those that are asked for: all for the id 0, and none for one that is not loaded. */
static struct engine_source *first_asked_for(struct rb_engine *engine, int64_t source_id,
                                             size_t *ret_count)
{
    struct engine_source *one = engine_source_by_id(engine, source_id);
    *ret_count = source_id == 0 ? engine->source_count : one != NULL;
    return source_id == 0 ? engine->sources : one;
}

/* What is asked for is in the store before it is answered, so that a restart does not lose it and
   whoever waits sees when it is done. */
static int record_question(struct rb_engine *engine, const struct engine_source *sources,
                           size_t count, struct rb_err *err)
{
    int status = rb_store_begin(engine->store, err);
    if (status != 0)
        return status;
    for (size_t i = 0; status == 0 && i < count; i++)
        status = rb_store_set_next_check(engine->store, sources[i].id, 0, err);
    if (status == 0)
        status = rb_store_commit(engine->store, err);
    if (status != 0)
        rb_store_rollback(engine->store);
    return status;
}

int rb_engine_check_now(struct rb_engine *engine, int64_t source_id, struct rb_err *err)
{
    size_t count;
    struct engine_source *sources = first_asked_for(engine, source_id, &count);
    engine_record_checks(engine); /* none of them may overwrite what is recorded now */
    int status = record_question(engine, sources, count, err);
    for (size_t i = 0; status == 0 && i < count; i++)
        engine_check_soon(&sources[i]);
    return status;
}

void engine_cancel_checks(struct rb_engine *engine)
{
    engine_record_checks(engine);
    int64_t now = rb_clock_monotonic_ms();
    for (size_t i = 0; i < engine->source_count; i++) {
        if (engine->sources[i].check != NULL)
            rb_check_cancel(engine->sources[i].check);
        engine->sources[i].check = NULL;
        rb_check_queue_drop(engine->queue, &engine->sources[i].turn, now);
    }
}
