/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The waiting builds are sorted once: pipelines, in each its lines (one a priority), in each line
 * by age. A place is given to the best pipeline's best line's first build that nothing else keeps;
 * what is kept stays so until a claim ends, so each line is walked once.
 */
#include "rebake/plan/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "shares.h"

struct line {
    int priority;
    size_t first, next, end; /* in the sorted builds */
    int64_t served_at;
};

struct group { /* a pipeline */
    const char *pipeline;
    struct line *lines; /* highest priority first */
    size_t line_count;
    int places; /* that it holds */
    int64_t served_at;
};

struct dispatcher {
    const struct rb_dispatch_queue *queue;
    struct rb_arena *arena;
    struct rb_dispatch *answer;
    struct shares shares;
    const struct rb_dispatch_build **sorted;
    struct line *lines;
    struct group *groups;
    size_t group_count;
};

const char *rb_dispatch_cause_name(enum rb_dispatch_cause cause)
{
    static const char *const NAMES[] = {"starts", "places", "limit",
                                        "claim",  "budget", "over-budget"};
    _Static_assert(RB_COUNT_OF(NAMES) == RB_DISPATCH_CAUSE_COUNT, "a name for each cause");
    RB_ASSERT(cause < RB_DISPATCH_CAUSE_COUNT);
    return NAMES[cause];
}

static int compare_builds(const void *a, const void *b)
{
    const struct rb_dispatch_build *left = *(const struct rb_dispatch_build *const *)a;
    const struct rb_dispatch_build *right = *(const struct rb_dispatch_build *const *)b;
    int order = strcmp(left->pipeline, right->pipeline);
    if (order != 0)
        return order;
    if (left->priority != right->priority)
        return left->priority > right->priority ? -1 : 1;
    if (left->queued_at != right->queued_at)
        return left->queued_at < right->queued_at ? -1 : 1;
    return left->id < right->id ? -1 : 1;
}

static void sort_builds(struct dispatcher *dispatcher)
{
    const struct rb_dispatch_queue *queue = dispatcher->queue;
    size_t count = queue->waiting_count;
    dispatcher->sorted = rb_calloc(count, sizeof(*dispatcher->sorted));
    for (size_t i = 0; i < count; i++)
        dispatcher->sorted[i] = &queue->waiting[i];
    qsort(dispatcher->sorted, count, sizeof(*dispatcher->sorted), compare_builds);
}

static void find_lines(struct dispatcher *dispatcher)
{
    size_t count = dispatcher->queue->waiting_count;
    struct line *line = dispatcher->lines = rb_calloc(count, sizeof(*line));
    dispatcher->groups = rb_calloc(count, sizeof(*dispatcher->groups));
    struct group *group = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct rb_dispatch_build *build = dispatcher->sorted[i];
        bool is_new = group == NULL || strcmp(group->pipeline, build->pipeline) != 0;
        if (is_new) {
            group = &dispatcher->groups[dispatcher->group_count++];
            *group = (struct group){.pipeline = build->pipeline, .lines = line};
        }
        if (is_new || line[-1].priority != build->priority) {
            *line++ = (struct line){.priority = build->priority, .first = i, .next = i};
            group->line_count++;
        }
        line[-1].end = i + 1;
    }
}

static int compare_groups(const void *a, const void *b)
{
    const struct group *left = a, *right = b;
    return strcmp(left->pipeline, right->pipeline);
}

static struct group *find_group(const struct dispatcher *dispatcher, const char *pipeline)
{
    struct group key = {.pipeline = pipeline};
    return dispatcher->group_count == 0 ? NULL
                                        : bsearch(&key, dispatcher->groups, dispatcher->group_count,
                                                  sizeof(key), compare_groups);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void serve(struct group *group, int priority, int64_t at)
{
    group->served_at = later(group->served_at, at);
    for (size_t i = 0; i < group->line_count; i++) {
        struct line *line = &group->lines[i];
        if (line->priority == priority)
            line->served_at = later(line->served_at, at);
    }
}

/* Who holds a place is being served. */
static void note_served(const struct dispatcher *dispatcher)
{
    const struct rb_dispatch_queue *queue = dispatcher->queue;
    for (size_t i = 0; i < queue->served_count; i++) {
        struct group *group = find_group(dispatcher, queue->served[i].pipeline);
        if (group != NULL)
            serve(group, queue->served[i].priority, queue->served[i].at);
    }
    for (size_t i = 0; i < queue->running_count; i++) {
        struct group *group = find_group(dispatcher, queue->running[i].pipeline);
        if (group == NULL)
            continue;
        serve(group, queue->running[i].priority, queue->now_at);
        group->places++;
    }
}

/* The line's first build that may start, or NULL. */
static const struct rb_dispatch_build *first_of(const struct dispatcher *dispatcher,
                                                struct line *line)
{
    const struct share *share;
    for (; line->next < line->end; line->next++) {
        const struct rb_dispatch_build *build = dispatcher->sorted[line->next];
        size_t index = (size_t)(build - dispatcher->queue->waiting);
        if (dispatcher->answer->waits[index].cause != RB_DISPATCH_STARTS &&
            shares_judge(&dispatcher->shares, build, &share) == RB_DISPATCH_STARTS)
            return build;
    }
    return NULL;
}

/* In units of a point's ageing: what has waited since then, on top of its priority. A clock that
   went back makes nobody younger than just queued. */
static int64_t grown(const struct dispatcher *dispatcher, int priority, int64_t queued_at,
                     int64_t served_at)
{
    int64_t waited_ms = dispatcher->queue->now_at - later(queued_at, served_at);
    return (int64_t)priority * RB_DISPATCH_AGEING_MS + later(waited_ms, 0);
}

struct candidate {
    struct group *group;
    const struct rb_dispatch_build *build; /* NULL: none may start */
    int64_t level;                         /* of the pipeline among pipelines */
    int64_t queued_at;                     /* of the oldest that may start */
};

static struct candidate candidate_of(const struct dispatcher *dispatcher, struct group *group)
{
    struct candidate candidate = {.group = group};
    int64_t best_level = 0;
    for (size_t i = 0; i < group->line_count; i++) {
        struct line *line = &group->lines[i];
        const struct rb_dispatch_build *build = first_of(dispatcher, line);
        if (build == NULL)
            continue;
        bool is_first = candidate.build == NULL;
        int64_t level = grown(dispatcher, line->priority, build->queued_at, line->served_at);
        int64_t outer = grown(dispatcher, line->priority, build->queued_at, group->served_at);
        if (is_first || outer > candidate.level)
            candidate.level = outer;
        if (is_first || build->queued_at < candidate.queued_at)
            candidate.queued_at = build->queued_at;
        if (is_first || level > best_level) {
            candidate.build = build;
            best_level = level;
        }
    }
    return candidate;
}

static bool goes_before(const struct candidate *a, const struct candidate *b)
{
    if (a->build == NULL || b->build == NULL)
        return a->build != NULL;
    if (a->level != b->level)
        return a->level > b->level;
    if (a->group->places != b->group->places)
        return a->group->places < b->group->places;
    if (a->queued_at != b->queued_at)
        return a->queued_at < b->queued_at;
    return a->build->id < b->build->id;
}

static void start(struct dispatcher *dispatcher, const struct candidate *best)
{
    struct rb_dispatch *answer = dispatcher->answer;
    size_t index = (size_t)(best->build - dispatcher->queue->waiting);
    answer->waits[index] = (struct rb_dispatch_wait){.cause = RB_DISPATCH_STARTS, .text = ""};
    answer->starts[answer->start_count++] = index;
    best->group->places++;
    serve(best->group, best->build->priority, dispatcher->queue->now_at);
    shares_take(&dispatcher->shares, best->build);
    if (!dispatcher->shares.claim_ended)
        return;
    dispatcher->shares.claim_ended = false;
    for (size_t i = 0; i < dispatcher->group_count; i++) {
        struct group *group = &dispatcher->groups[i];
        for (size_t j = 0; j < group->line_count; j++)
            group->lines[j].next = group->lines[j].first;
    }
}

static void give_places(struct dispatcher *dispatcher)
{
    int free_places = dispatcher->queue->most_jobs - (int)dispatcher->queue->running_count;
    for (; free_places > 0; free_places--) {
        struct candidate best = {0};
        for (size_t i = 0; i < dispatcher->group_count; i++) {
            struct candidate candidate = candidate_of(dispatcher, &dispatcher->groups[i]);
            if (goes_before(&candidate, &best))
                best = candidate;
        }
        if (best.build == NULL)
            return;
        start(dispatcher, &best);
    }
}

static void tell_budget(const struct dispatcher *dispatcher, const struct rb_dispatch_build *build,
                        const struct share *share, struct rb_dispatch_wait *wait)
{
    char expected[RB_TIME_TEXT_SIZE], span[RB_TIME_TEXT_SIZE], time[RB_TIME_TEXT_SIZE];
    int64_t ms_a_day = 0;
    for (size_t i = 0; i < build->budget_count; i++) {
        if (strcmp(build->budgets[i].name, share->name) == 0)
            ms_a_day = build->budgets[i].ms_a_day;
    }
    (void)rb_span_format(build->expected_ms, expected);
    (void)rb_span_format(ms_a_day, span);
    wait->waits_for = rb_arena_printf(dispatcher->arena, "budget:%s", share->name);
    if (wait->cause == RB_DISPATCH_OVER_BUDGET) {
        wait->text = rb_arena_printf(
            dispatcher->arena,
            "it is expected to take %s, and budget %s has %s a day: waits for a request", expected,
            share->name, span);
        return;
    }
    wait->text = rb_arena_printf(
        dispatcher->arena, "budget %s has too little left of %s a day: waits until %s", share->name,
        span, rb_time_format(dispatcher->queue->budget_resets_at, time));
}

static void tell_claim(const struct dispatcher *dispatcher, const struct share *share,
                       struct rb_dispatch_wait *wait)
{
    wait->text = rb_arena_printf(dispatcher->arena, "build %lld has waited longer for %s",
                                 (long long)share->claims->id, share->name);
    wait->waits_for =
        rb_arena_printf(dispatcher->arena, "build:%lld", (long long)share->claims->id);
}

static void tell(const struct dispatcher *dispatcher, size_t index, const char *no_place)
{
    const struct rb_dispatch_build *build = &dispatcher->queue->waiting[index];
    struct rb_dispatch_wait *wait = &dispatcher->answer->waits[index];
    const struct share *share = NULL;
    wait->cause = shares_judge(&dispatcher->shares, build, &share);
    switch (wait->cause) {
    case RB_DISPATCH_LIMIT:
        wait->text = rb_arena_printf(dispatcher->arena, "limit %s: %d run, and no more may",
                                     share->name, share->running);
        wait->waits_for = rb_arena_printf(dispatcher->arena, "limit:%s", share->name);
        return;
    case RB_DISPATCH_CLAIM:
        tell_claim(dispatcher, share, wait);
        return;
    case RB_DISPATCH_BUDGET:
    case RB_DISPATCH_OVER_BUDGET:
        tell_budget(dispatcher, build, share, wait);
        if (wait->cause == RB_DISPATCH_BUDGET)
            dispatcher->answer->wake_at = dispatcher->queue->budget_resets_at;
        return;
    case RB_DISPATCH_STARTS:
    case RB_DISPATCH_PLACES:
    case RB_DISPATCH_CAUSE_COUNT:
        break;
    }
    *wait = (struct rb_dispatch_wait){
        .cause = RB_DISPATCH_PLACES, .text = no_place, .waits_for = "places"};
}

static void tell_all(const struct dispatcher *dispatcher)
{
    const struct rb_dispatch *answer = dispatcher->answer;
    const char *no_place = rb_arena_printf(
        dispatcher->arena, "waits for a place: %zu of %d are taken",
        dispatcher->queue->running_count + answer->start_count, dispatcher->queue->most_jobs);
    for (size_t i = 0; i < dispatcher->queue->waiting_count; i++) {
        if (answer->waits[i].cause != RB_DISPATCH_STARTS)
            tell(dispatcher, i, no_place);
    }
}

void rb_dispatch_make(const struct rb_dispatch_queue *queue, struct rb_arena *arena,
                      struct rb_dispatch *ret_dispatch)
{
    struct dispatcher dispatcher = {.queue = queue, .arena = arena, .answer = ret_dispatch};
    size_t count = queue->waiting_count;
    *ret_dispatch =
        (struct rb_dispatch){.waits = rb_arena_array(arena, count, sizeof(struct rb_dispatch_wait)),
                             .starts = rb_arena_array(arena, count, sizeof(size_t))};
    for (size_t i = 0; i < count; i++)
        ret_dispatch->waits[i].cause = RB_DISPATCH_PLACES;
    shares_begin(&dispatcher.shares, queue);
    sort_builds(&dispatcher);
    find_lines(&dispatcher);
    note_served(&dispatcher);
    give_places(&dispatcher);
    tell_all(&dispatcher);
    shares_deinit(&dispatcher.shares);
    rb_free(dispatcher.sorted);
    rb_free(dispatcher.lines);
    rb_free(dispatcher.groups);
}
