/* SPDX-License-Identifier: Apache-2.0 */
/* The queue with a clock of its own: every source gets its turn, never early, never too many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/watch/check_queue.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

static const struct rb_check_limits LIMITS = {
    .at_once = 6, .host = {.at_once = 3, .per_second = 100, .burst = 10, .failures = 3}};
static const struct rb_host_answer GOOD = {.requests = 1, .retry_after_ms = -1};

static void the_most_overdue_comes_first(void **state)
{
    (void)state;
    struct rb_check_queue *queue = rb_check_queue_new(&LIMITS);
    struct rb_check_turn turns[3] = {{0}};
    static const int64_t DUE[] = {300, 100, 200};
    for (size_t i = 0; i < RB_COUNT_OF(turns); i++) {
        turns[i].host = rb_check_queue_host(queue, i == 1 ? "a" : "b");
        rb_check_queue_put(queue, &turns[i], DUE[i], false);
    }
    assert_ptr_equal(turns[0].host, turns[2].host);
    assert_int_equal(rb_check_queue_ready_at(queue), 100);
    assert_null(rb_check_queue_begin(queue, 99));
    assert_ptr_equal(rb_check_queue_begin(queue, 400), &turns[1]);
    assert_ptr_equal(rb_check_queue_begin(queue, 400), &turns[2]);
    rb_check_queue_put(queue, &turns[0], 500, false);
    assert_null(rb_check_queue_begin(queue, 400));
    rb_check_queue_put(queue, &turns[0], 500, true); /* asked for: now */
    assert_ptr_equal(rb_check_queue_begin(queue, 400), &turns[0]);
    assert_int_equal(rb_check_queue_ready_at(queue), INT64_MAX);
    for (size_t i = 0; i < RB_COUNT_OF(turns); i++)
        rb_check_queue_drop(queue, &turns[i], 400);
    rb_check_queue_free(queue);
}

/* A host that is down holds back none of the others, and what was asked for is asked. */
static void a_host_that_is_down_stands_aside(void **state)
{
    (void)state;
    struct rb_check_queue *queue = rb_check_queue_new(&LIMITS);
    struct rb_random random;
    rb_random_seed(&random, 2);
    struct rb_check_turn bad[5] = {{0}}, good = {0};
    const struct rb_host_answer lost = {
        .trouble = RB_TROUBLE_UNREACHABLE, .requests = 1, .retry_after_ms = -1};
    good.host = rb_check_queue_host(queue, "good");
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        bad[i].host = rb_check_queue_host(queue, "bad");
        rb_check_queue_put(queue, &bad[i], 1, false);
    }
    for (int i = 0; i < 3; i++)
        rb_check_queue_end(queue, rb_check_queue_begin(queue, 10), 10, lost, &random);
    const struct rb_host *host = rb_check_host_state(bad[0].host);
    assert_int_equal(host->state, RB_HOST_DOWN);
    assert_null(rb_check_queue_begin(queue, 10));
    assert_int_equal(rb_check_queue_ready_at(queue), host->down_until);
    rb_check_queue_put(queue, &good, 5, false);
    assert_ptr_equal(rb_check_queue_begin(queue, 10), &good);
    rb_check_queue_put(queue, &bad[0], 1, true);
    assert_ptr_equal(rb_check_queue_begin(queue, 20), &bad[0]);
    assert_int_equal(host->state, RB_HOST_DOWN); /* not the probe: its time is not over */
    rb_check_queue_end(queue, &bad[0], 20, lost, &random);
    struct rb_check_turn *probe = rb_check_queue_begin(queue, host->down_until);
    assert_non_null(probe);
    assert_null(rb_check_queue_begin(queue, host->down_until));
    rb_check_queue_end(queue, probe, host->down_until, GOOD, &random);
    assert_int_equal(host->state, RB_HOST_UP);
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++)
        rb_check_queue_drop(queue, &bad[i], 30);
    rb_check_queue_drop(queue, &good, 30);
    rb_check_queue_free(queue);
}

enum { SOURCES = 300, HOSTS = 7, STEPS = 60000 };

struct world {
    struct rb_check_queue *queue;
    struct rb_random random;
    struct rb_check_turn turns[SOURCES];
    int64_t due_at[SOURCES];
    int checks[SOURCES];
    struct rb_check_turn *running[16];
    int running_count;
    int64_t now;
};

static void begin_all(struct world *world)
{
    struct rb_check_turn *turn;
    while ((turn = rb_check_queue_begin(world->queue, world->now)) != NULL) {
        size_t which = (size_t)(turn - world->turns);
        assert_true(world->due_at[which] <= world->now);
        assert_true(world->running_count < LIMITS.at_once);
        assert_true(rb_check_host_state(turn->host)->under_way <= LIMITS.host.at_once);
        assert_true(rb_check_host_state(turn->host)->limited_until <= world->now);
        world->running[world->running_count++] = turn;
        world->checks[which]++;
    }
}

static void end_one(struct world *world)
{
    struct rb_random *random = &world->random;
    size_t at = rb_random_below(random, (uint64_t)world->running_count);
    struct rb_check_turn *turn = world->running[at];
    struct rb_host_answer answer = GOOD;
    world->running[at] = world->running[--world->running_count];
    if (rb_random_below(random, 3) == 0)
        answer.trouble = (enum rb_trouble)rb_random_below(random, RB_TROUBLE_OURS + 1);
    if (rb_random_below(random, 50) == 0)
        answer.retry_after_ms = (int64_t)rb_random_below(random, 20 * SECOND);
    rb_check_queue_end(world->queue, turn, world->now, answer, random);
    world->due_at[turn - world->turns] = world->now + MINUTE;
    rb_check_queue_put(world->queue, turn, world->now + MINUTE, false);
}

/* Random answers of seven hosts for 300 sources over hours: limits hold, nobody is forgotten. */
static void everybody_gets_a_turn(void **state)
{
    (void)state;
    static struct world world;
    static const char *const NAMES[HOSTS] = {"a", "b", "c", "d", "e", "f", "g"};
    world = (struct world){.queue = rb_check_queue_new(&LIMITS), .now = 1};
    rb_random_seed(&world.random, 77);
    for (size_t i = 0; i < SOURCES; i++) {
        world.turns[i].host = rb_check_queue_host(world.queue, NAMES[i % HOSTS]);
        rb_check_queue_put(world.queue, &world.turns[i], 0, false);
    }
    for (int step = 0; step < STEPS; step++) {
        begin_all(&world);
        int64_t ready_at = rb_check_queue_ready_at(world.queue);
        assert_true(ready_at > world.now);
        if (world.running_count > 0 && (ready_at == INT64_MAX || rb_random_below(&world.random, 2)))
            end_one(&world);
        else
            world.now = ready_at;
    }
    for (size_t i = 0; i < SOURCES; i++)
        assert_true(world.checks[i] > STEPS / SOURCES / 8);
    for (size_t i = 0; i < SOURCES; i++)
        rb_check_queue_drop(world.queue, &world.turns[i], world.now);
    rb_check_queue_free(world.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_overdue_comes_first),
        cmocka_unit_test(a_host_that_is_down_stands_aside),
        cmocka_unit_test(everybody_gets_a_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
