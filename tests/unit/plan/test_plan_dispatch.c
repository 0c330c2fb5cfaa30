/* SPDX-License-Identifier: Apache-2.0 */
/* Who is built first: told cases, and what must hold of every queue, seen on generated ones. A
   failure names its seed: REBAKE_TEST_SEED=N runs that queue alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/text.h"
#include "rebake/plan/dispatch.h"

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, MOST_BUILDS = 24, QUEUES = 4000, STEPS = 3000 };
static const int64_t LONGEST_WAIT_MS = RB_DISPATCH_PATIENCE_MS + 3 * HOUR;
static const int64_t NOW = (int64_t)100 * 24 * HOUR;

static uint64_t current_seed;

#define MUST(condition)                                                                            \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_msg("%s:%d: %s (REBAKE_TEST_SEED=%llu)", __FILE__, __LINE__, #condition,          \
                     (unsigned long long)current_seed);                                            \
    } while (0)

static struct rb_dispatch_build waits(int64_t id, const char *pipeline, int priority,
                                      int64_t waited_ms)
{
    return (struct rb_dispatch_build){
        .id = id, .pipeline = pipeline, .priority = priority, .queued_at = NOW - waited_ms};
}

static struct rb_dispatch_queue queue_of(const struct rb_dispatch_build *waiting, size_t count,
                                         int most_jobs)
{
    return (struct rb_dispatch_queue){.now_at = NOW,
                                      .budget_resets_at = NOW + 6 * HOUR,
                                      .most_jobs = most_jobs,
                                      .waiting = waiting,
                                      .waiting_count = count};
}

/* The ids of those that start, as text: "3 1". */
static const char *started(const struct rb_dispatch_queue *queue, struct rb_arena *arena,
                           struct rb_dispatch *dispatch)
{
    const char *text = "";
    rb_dispatch_make(queue, arena, dispatch);
    for (size_t i = 0; i < dispatch->start_count; i++)
        text = rb_arena_printf(arena, "%s%s%lld", text, i == 0 ? "" : " ",
                               (long long)queue->waiting[dispatch->starts[i]].id);
    return text;
}

static void assert_starts(const struct rb_dispatch_queue *queue, const char *ids)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_dispatch dispatch;
    assert_string_equal(started(queue, arena, &dispatch), ids);
}

static void assert_wait(const struct rb_dispatch_queue *queue, size_t index,
                        enum rb_dispatch_cause cause, const char *text, const char *waits_for)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_dispatch dispatch;
    rb_dispatch_make(queue, arena, &dispatch);
    assert_string_equal(rb_dispatch_cause_name(dispatch.waits[index].cause),
                        rb_dispatch_cause_name(cause));
    assert_string_equal(dispatch.waits[index].text, text);
    assert_true(rb_text_equal(dispatch.waits[index].waits_for, waits_for));
    assert_int_equal(dispatch.wake_at, cause == RB_DISPATCH_BUDGET ? queue->budget_resets_at : 0);
}

static void test_order(void **state)
{
    (void)state;
    const struct rb_dispatch_build same[] = {waits(1, "a", 50, 10), waits(2, "a", 50, 20)};
    struct rb_dispatch_queue queue = queue_of(same, 2, 4);
    assert_starts(&queue, "2 1"); /* the older first */
    const struct rb_dispatch_build differ[] = {waits(1, "a", 50, HOUR), waits(2, "a", 90, 0),
                                               waits(3, "b", 95, 0)};
    queue = queue_of(differ, 3, 4);
    assert_starts(&queue, "3 2 1");
    queue.most_jobs = 1;
    assert_wait(&queue, 0, RB_DISPATCH_PLACES, "waits for a place: 1 of 1 are taken", "places");
    assert_wait(&queue, 2, RB_DISPATCH_STARTS, "", NULL);
    queue.waiting_count = 0;
    assert_starts(&queue, "");
}

static void test_ageing(void **state)
{
    (void)state;
    const struct rb_dispatch_build builds[] = {waits(1, "a", 10, 81 * RB_DISPATCH_AGEING_MS),
                                               waits(2, "a", 90, 0), waits(3, "a", 90, 0),
                                               waits(4, "a", 10, 81 * RB_DISPATCH_AGEING_MS)};
    struct rb_dispatch_queue queue = queue_of(builds, 4, 4);
    assert_starts(&queue, "1 2 3 4"); /* one that waited long, then what is urgent */
    const struct rb_dispatch_served served = {"a", 10, NOW - MINUTE};
    queue.served = &served;
    queue.served_count = 1;
    assert_starts(&queue, "2 3 1 4"); /* its line was served a minute ago */
}

static void test_pipelines_share(void **state)
{
    (void)state;
    const struct rb_dispatch_build builds[] = {
        waits(1, "a", 50, 3 * HOUR), waits(2, "a", 50, 3 * HOUR), waits(3, "a", 50, 3 * HOUR),
        waits(4, "b", 50, MINUTE),   waits(5, "b", 50, MINUTE),   waits(6, "c", 50, 0)};
    struct rb_dispatch_queue queue = queue_of(builds, 6, 4);
    assert_starts(&queue, "1 4 6 2"); /* one each, before one has two */
    const struct rb_dispatch_build running[] = {
        {.id = 8, .pipeline = "a", .priority = 50, .started_at = NOW - HOUR},
        {.id = 9, .pipeline = "a", .priority = 50, .started_at = NOW - HOUR}};
    queue.running = running;
    queue.running_count = 2;
    assert_starts(&queue, "4 6"); /* "a" has its two, however long its others have waited */
    const struct rb_dispatch_served served = {"a", 50, NOW};
    queue.running_count = 0;
    queue.served = &served;
    queue.served_count = 1;
    queue.most_jobs = 1;
    assert_starts(&queue, "4"); /* with one place they take turns */
}

static void test_limits(void **state)
{
    (void)state;
    const struct rb_dispatch_limit hosts[] = {{"hosts", 2}}, none[] = {{"hosts", 0}};
    struct rb_dispatch_build builds[] = {waits(1, "a", 90, 0), waits(2, "a", 90, 0),
                                         waits(3, "b", 90, 0), waits(4, "a", 10, 0)};
    for (size_t i = 0; i < 3; i++) {
        builds[i].limits = hosts;
        builds[i].limit_count = 1;
    }
    struct rb_dispatch_queue queue = queue_of(builds, 4, 8);
    assert_starts(&queue, "1 3 4"); /* what is not limited goes by */
    assert_wait(&queue, 1, RB_DISPATCH_LIMIT, "limit hosts: 2 run, and no more may", "limit:hosts");
    struct rb_dispatch_build running = waits(9, "c", 50, 0);
    running.limits = hosts;
    running.limit_count = 1;
    queue.running = &running;
    queue.running_count = 1;
    assert_starts(&queue, "1 4");
    builds[0].limits = none;
    assert_starts(&queue, "2 4");
}

static void test_budgets(void **state)
{
    (void)state;
    const struct rb_dispatch_budget shop[] = {{"shop", 60 * MINUTE}};
    const struct rb_dispatch_spent spent[] = {{"shop", 20 * MINUTE}, {"other", HOUR}};
    struct rb_dispatch_build builds[] = {waits(1, "a", 50, 5), waits(2, "a", 50, 4),
                                         waits(3, "a", 50, 3), waits(4, "a", 50, 2)};
    static const int64_t EXPECTED[] = {30 * MINUTE, 20 * MINUTE, 10 * MINUTE, 61 * MINUTE};
    for (size_t i = 0; i < 4; i++) {
        builds[i].budgets = shop;
        builds[i].budget_count = 1;
        builds[i].expected_ms = EXPECTED[i];
    }
    struct rb_dispatch_queue queue = queue_of(builds, 3, 8);
    queue.spent = spent;
    queue.spent_count = 2;
    assert_starts(&queue, "1 3");
    assert_wait(&queue, 1, RB_DISPATCH_BUDGET,
                "budget shop has too little left of 1h00m a day: waits until "
                "1970-04-11T06:00:00Z",
                "budget:shop");
    /* A running one counts with what it is expected to take, and with what it took if that is more;
       what it took yesterday is not counted today. */
    struct rb_dispatch_build running = {.id = 9,
                                        .pipeline = "b",
                                        .priority = 50,
                                        .started_at = NOW - 5 * MINUTE,
                                        .expected_ms = 25 * MINUTE,
                                        .budgets = shop,
                                        .budget_count = 1};
    queue.running = &running;
    queue.running_count = 1;
    assert_starts(&queue, "3");
    running.started_at = NOW - 35 * MINUTE;
    assert_starts(&queue, "");
    queue.budget_resets_at = NOW + RB_DISPATCH_DAY_MS - 5 * MINUTE;
    assert_starts(&queue, "1");
    queue.waiting = &builds[3];
    queue.waiting_count = 1;
    assert_wait(&queue, 0, RB_DISPATCH_OVER_BUDGET,
                "it is expected to take 1h01m, and budget shop has 1h00m a day: waits for a "
                "request",
                "budget:shop");
}

static void test_claims(void **state)
{
    (void)state;
    const struct rb_dispatch_limit alone[] = {{"hosts", 1}}, many[] = {{"hosts", 3}};
    struct rb_dispatch_build builds[] = {waits(1, "a", 10, RB_DISPATCH_PATIENCE_MS),
                                         waits(2, "b", 90, 0)};
    builds[0].limits = alone;
    builds[1].limits = many;
    builds[0].limit_count = builds[1].limit_count = 1;
    struct rb_dispatch_build running = waits(9, "b", 90, 0);
    running.limits = many;
    running.limit_count = 1;
    struct rb_dispatch_queue queue = queue_of(builds, 2, 8);
    queue.running = &running;
    queue.running_count = 1;
    assert_wait(&queue, 1, RB_DISPATCH_CLAIM, "build 1 has waited longer for hosts", "build:1");
    queue.running_count = 0;
    assert_starts(&queue, "1 2"); /* what a claim kept may go once the claim is served */
    builds[0].queued_at++;
    queue.running_count = 1;
    assert_starts(&queue, "2");
}

/* Generated queues. */

static const char *const PIPELINES[] = {"a", "b", "c", "d"};
static const struct rb_dispatch_limit LIMITS[] = {{"hosts", 1}, {"hosts", 2}, {"pods", 3}};
static const struct rb_dispatch_budget BUDGETS[] = {
    {"shop", HOUR}, {"shop", 2 * HOUR}, {"all", 3 * HOUR}, {"none", 0}};

struct generated {
    struct rb_random random;
    struct rb_dispatch_build waiting[MOST_BUILDS];
    struct rb_dispatch_build running[MOST_BUILDS];
    struct rb_dispatch_spent spent[2];
    struct rb_dispatch_queue queue;
};

static size_t below(struct generated *made, size_t limit)
{
    return (size_t)rb_random_below(&made->random, limit);
}

static void generate_build(struct generated *made, struct rb_dispatch_build *build, int64_t id)
{
    static const int PRIORITIES[] = {0, 10, 50, 50, 50, 90, 100};
    *build =
        (struct rb_dispatch_build){.id = id,
                                   .pipeline = PIPELINES[below(made, RB_COUNT_OF(PIPELINES))],
                                   .priority = PRIORITIES[below(made, RB_COUNT_OF(PRIORITIES))],
                                   .queued_at = NOW - (int64_t)below(made, 8) * HOUR + MINUTE,
                                   .started_at = NOW - (int64_t)below(made, 30 * HOUR),
                                   .expected_ms = (int64_t)below(made, 150) * MINUTE,
                                   .limits = &LIMITS[below(made, RB_COUNT_OF(LIMITS))],
                                   .limit_count = below(made, 2),
                                   .budgets = &BUDGETS[below(made, RB_COUNT_OF(BUDGETS))],
                                   .budget_count = below(made, 2)};
}

static void generate(struct generated *made, uint64_t seed)
{
    *made = (struct generated){0};
    rb_random_seed(&made->random, seed);
    made->queue = queue_of(made->waiting, below(made, MOST_BUILDS), 1 + (int)below(made, 8));
    made->queue.running = made->running;
    made->queue.running_count = below(made, (size_t)made->queue.most_jobs + 2);
    made->queue.spent = made->spent;
    made->queue.spent_count = 2;
    made->spent[0] = (struct rb_dispatch_spent){"shop", (int64_t)below(made, 90) * MINUTE};
    made->spent[1] = (struct rb_dispatch_spent){"all", (int64_t)below(made, 200) * MINUTE};
    for (size_t i = 0; i < made->queue.waiting_count; i++)
        generate_build(made, &made->waiting[i], (int64_t)i);
    for (size_t i = 0; i < made->queue.running_count; i++)
        generate_build(made, &made->running[i], (int64_t)(MOST_BUILDS + i));
}

static bool has_limit(const struct rb_dispatch_build *build, const char *name)
{
    return build->limit_count == 1 && strcmp(build->limits[0].name, name) == 0;
}

static int running_of(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch,
                      size_t starts, const char *limit)
{
    int count = 0;
    for (size_t i = 0; i < queue->running_count; i++)
        count += has_limit(&queue->running[i], limit);
    for (size_t i = 0; i < starts; i++)
        count += has_limit(&queue->waiting[dispatch->starts[i]], limit);
    return count;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t used_of(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch,
                       size_t starts, const char *budget)
{
    int64_t used_ms = 0, day_began_at = queue->budget_resets_at - RB_DISPATCH_DAY_MS;
    for (size_t i = 0; i < queue->spent_count; i++)
        used_ms += strcmp(queue->spent[i].budget, budget) == 0 ? queue->spent[i].ms : 0;
    for (size_t i = 0; i < queue->running_count; i++) {
        const struct rb_dispatch_build *build = &queue->running[i];
        if (build->budget_count == 0 || strcmp(build->budgets[0].name, budget) != 0)
            continue;
        int64_t end_at = larger(NOW, build->started_at + build->expected_ms);
        used_ms += larger(0, end_at - larger(build->started_at, day_began_at));
    }
    for (size_t i = 0; i < starts; i++) {
        const struct rb_dispatch_build *build = &queue->waiting[dispatch->starts[i]];
        if (build->budget_count == 1 && strcmp(build->budgets[0].name, budget) == 0)
            used_ms += build->expected_ms;
    }
    return used_ms;
}

static bool limit_allows(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch,
                         size_t starts, const struct rb_dispatch_build *build)
{
    return build->limit_count == 0 ||
           running_of(queue, dispatch, starts, build->limits[0].name) < build->limits[0].most;
}

static bool budget_allows(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch,
                          size_t starts, const struct rb_dispatch_build *build)
{
    if (build->budget_count == 0)
        return true;
    int64_t used_ms = used_of(queue, dispatch, starts, build->budgets[0].name);
    return used_ms < build->budgets[0].ms_a_day &&
           used_ms + build->expected_ms <= build->budgets[0].ms_a_day;
}

static int places_of(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch,
                     size_t starts, const char *pipeline)
{
    int count = 0;
    for (size_t i = 0; i < queue->running_count; i++)
        count += strcmp(queue->running[i].pipeline, pipeline) == 0;
    for (size_t i = 0; i < starts; i++)
        count += strcmp(queue->waiting[dispatch->starts[i]].pipeline, pipeline) == 0;
    return count;
}

/* Nothing goes beyond what it may, in whatever order it started. */
static void check_starts(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch)
{
    bool seen[MOST_BUILDS] = {false};
    size_t free_places = queue->running_count >= (size_t)queue->most_jobs
                             ? 0
                             : (size_t)queue->most_jobs - queue->running_count;
    MUST(dispatch->start_count <= free_places);
    for (size_t i = 0; i < dispatch->start_count; i++) {
        size_t index = dispatch->starts[i];
        MUST(index < queue->waiting_count && !seen[index]);
        seen[index] = true;
        MUST(limit_allows(queue, dispatch, i, &queue->waiting[index]));
        MUST(budget_allows(queue, dispatch, i, &queue->waiting[index]));
    }
    for (size_t i = 0; i < queue->waiting_count; i++)
        MUST(seen[i] == (dispatch->waits[i].cause == RB_DISPATCH_STARTS));
}

/* Each cause is true, and no place stays free that one could take. */
static void check_waits(const struct rb_dispatch_queue *queue, const struct rb_dispatch *dispatch)
{
    size_t starts = dispatch->start_count;
    bool is_full = starts + queue->running_count >= (size_t)queue->most_jobs, sleeps = false;
    for (size_t i = 0; i < queue->waiting_count; i++) {
        const struct rb_dispatch_build *build = &queue->waiting[i];
        const struct rb_dispatch_wait *wait = &dispatch->waits[i];
        bool limit_ok = limit_allows(queue, dispatch, starts, build);
        bool budget_ok = budget_allows(queue, dispatch, starts, build);
        MUST((wait->cause == RB_DISPATCH_STARTS) == (wait->waits_for == NULL));
        MUST((wait->cause == RB_DISPATCH_STARTS) == (wait->text[0] == '\0'));
        MUST(wait->cause != RB_DISPATCH_PLACES || (is_full && limit_ok && budget_ok));
        MUST(wait->cause != RB_DISPATCH_LIMIT || !limit_ok);
        MUST(wait->cause != RB_DISPATCH_CLAIM || (limit_ok && budget_ok));
        MUST(wait->cause != RB_DISPATCH_BUDGET || !budget_ok);
        MUST(wait->cause != RB_DISPATCH_OVER_BUDGET ||
             build->expected_ms > build->budgets[0].ms_a_day || build->budgets[0].ms_a_day == 0);
        sleeps = sleeps || wait->cause == RB_DISPATCH_BUDGET;
    }
    MUST(dispatch->wake_at == (sleeps ? queue->budget_resets_at : 0));
}

/* A pipeline that holds a place already takes no other before one that holds fewer and waits with
   no lower a priority than any of its own. */
static void check_fairness(const struct rb_dispatch_queue *queue,
                           const struct rb_dispatch *dispatch)
{
    for (size_t i = 0; i < dispatch->start_count; i++) {
        const char *taker = queue->waiting[dispatch->starts[i]].pipeline;
        int held = places_of(queue, dispatch, i, taker), highest = 0;
        for (size_t j = 0; j < queue->waiting_count; j++) {
            if (strcmp(queue->waiting[j].pipeline, taker) == 0)
                highest =
                    queue->waiting[j].priority > highest ? queue->waiting[j].priority : highest;
        }
        for (size_t j = 0; held > 0 && j < queue->waiting_count; j++) {
            const struct rb_dispatch_build *other = &queue->waiting[j];
            if (other->limit_count + other->budget_count > 0) /* it may have had to wait then */
                continue;
            MUST(dispatch->waits[j].cause != RB_DISPATCH_PLACES || other->priority < highest ||
                 places_of(queue, dispatch, i, other->pipeline) >= held);
        }
    }
}

static void try_queue(uint64_t seed)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct generated made;
    struct rb_dispatch dispatch, again;
    generate(&made, seed);
    rb_dispatch_make(&made.queue, arena, &dispatch);
    check_starts(&made.queue, &dispatch);
    check_waits(&made.queue, &dispatch);
    check_fairness(&made.queue, &dispatch);
    rb_dispatch_make(&made.queue, arena, &again);
    MUST(again.start_count == dispatch.start_count);
    MUST(memcmp(again.starts, dispatch.starts, again.start_count * sizeof(size_t)) == 0);
}

/* A queue that never gets empty: what is urgent comes faster than it can be built. Each line, also
   of what comes now and then and is not urgent at all, gets its turn nevertheless. */
struct flood {
    struct generated made;
    int64_t now_at;
    int64_t next_id;
    int64_t ends_at[MOST_BUILDS];
    struct rb_dispatch_served served[RB_COUNT_OF(PIPELINES) * 3];
    struct rb_dispatch_served started[RB_COUNT_OF(PIPELINES) * 3];
    size_t started_count;
};

static void add_waiting(struct flood *flood)
{
    static const int PRIORITIES[] = {0, 90, 100};
    struct rb_dispatch_queue *queue = &flood->made.queue;
    while (queue->waiting_count < MOST_BUILDS) {
        bool is_rare = below(&flood->made, 40) == 0;
        struct rb_dispatch_build *build = &flood->made.waiting[queue->waiting_count++];
        *build = (struct rb_dispatch_build){
            .id = flood->next_id++,
            .pipeline = PIPELINES[is_rare ? below(&flood->made, 4) : below(&flood->made, 2)],
            .priority = is_rare ? 0 : PRIORITIES[1 + below(&flood->made, 2)],
            .queued_at = flood->now_at,
            .limits = &LIMITS[below(&flood->made, RB_COUNT_OF(LIMITS))]};
        build->limit_count = build->priority != 90 && below(&flood->made, 3) == 0;
    }
}

/* The line's entry in the list, which is added where there is none. */
static struct rb_dispatch_served *line_of(struct rb_dispatch_served *lines, size_t *count,
                                          const struct rb_dispatch_build *build)
{
    size_t i = 0;
    while (i < *count &&
           (lines[i].priority != build->priority || lines[i].pipeline != build->pipeline))
        i++;
    if (i == *count)
        lines[(*count)++] = (struct rb_dispatch_served){build->pipeline, build->priority, 0};
    return &lines[i];
}

static void end_builds(struct flood *flood)
{
    struct rb_dispatch_queue *queue = &flood->made.queue;
    for (size_t i = queue->running_count; i-- > 0;) {
        if (flood->ends_at[i] > flood->now_at)
            continue;
        line_of(flood->served, &queue->served_count, &flood->made.running[i])->at = flood->now_at;
        flood->made.running[i] = flood->made.running[--queue->running_count];
        flood->ends_at[i] = flood->ends_at[queue->running_count];
    }
}

static int compare_descending(const void *a, const void *b)
{
    const size_t *left = a, *right = b;
    return *left > *right ? -1 : *left < *right;
}

static void start_builds(struct flood *flood, struct rb_dispatch *dispatch)
{
    struct rb_dispatch_queue *queue = &flood->made.queue;
    for (size_t i = 0; i < dispatch->start_count; i++) {
        struct rb_dispatch_build build = flood->made.waiting[dispatch->starts[i]];
        build.started_at = flood->now_at;
        line_of(flood->started, &flood->started_count, &build)->at = flood->now_at;
        flood->ends_at[queue->running_count] =
            flood->now_at + (int64_t)(1 + below(&flood->made, 20)) * MINUTE;
        flood->made.running[queue->running_count++] = build;
    }
    qsort(dispatch->starts, dispatch->start_count, sizeof(size_t), compare_descending);
    for (size_t i = 0; i < dispatch->start_count; i++)
        flood->made.waiting[dispatch->starts[i]] = flood->made.waiting[--queue->waiting_count];
}

static void check_turns(struct flood *flood)
{
    for (size_t i = 0; i < flood->made.queue.waiting_count; i++) {
        const struct rb_dispatch_build *build = &flood->made.waiting[i];
        int64_t turn_at = line_of(flood->started, &flood->started_count, build)->at;
        MUST(flood->now_at - larger(build->queued_at, turn_at) < LONGEST_WAIT_MS);
    }
}

static void live_through_a_flood(uint64_t seed)
{
    struct flood flood = {.now_at = NOW};
    rb_random_seed(&flood.made.random, seed);
    flood.made.queue = queue_of(flood.made.waiting, 0, 1 + (int)below(&flood.made, 4));
    flood.made.queue.running = flood.made.running;
    flood.made.queue.served = flood.served;
    for (int step = 0; step < STEPS; step++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_dispatch dispatch;
        flood.now_at += MINUTE;
        end_builds(&flood);
        add_waiting(&flood);
        flood.made.queue.now_at = flood.now_at;
        rb_dispatch_make(&flood.made.queue, arena, &dispatch);
        start_builds(&flood, &dispatch);
        check_turns(&flood);
    }
}

static void run_seeds(void (*run)(uint64_t seed), uint64_t first_seed, uint64_t count)
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

static void test_any_queue(void **state)
{
    (void)state;
    run_seeds(try_queue, 4000000, QUEUES);
}

static void test_nothing_starves(void **state)
{
    (void)state;
    run_seeds(live_through_a_flood, 5000000, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),           cmocka_unit_test(test_ageing),
        cmocka_unit_test(test_pipelines_share), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_budgets),         cmocka_unit_test(test_claims),
        cmocka_unit_test(test_any_queue),       cmocka_unit_test(test_nothing_starves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
