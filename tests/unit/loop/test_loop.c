/* SPDX-License-Identifier: Apache-2.0 */
/* The loop itself, and the small things that hang on it: timers, work, signals, state tables. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/loop/loop.h"
#include "rebake/loop/signal.h"
#include "rebake/loop/state.h"
#include "rebake/loop/timer.h"
#include "rebake/loop/work.h"

struct ticker {
    struct rb_loop *loop;
    struct rb_timer *timer;
    int fired;
    int limit; /* at which it frees its timer */
};

static void tick(void *context)
{
    struct ticker *ticker = context;
    if (++ticker->fired == ticker->limit) {
        rb_timer_free(ticker->timer);
        ticker->timer = NULL;
    }
}

static void test_timer_fires_and_repeats(void **state)
{
    (void)state;
    static const struct {
        int64_t delay_ms;
        int64_t repeat_ms;
        int times;
    } ROWS[] = {{0, 0, 1}, {-5, -5, 1}, {20, 0, 1}, {1, 1, 5}, {0, 10, 3}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
        struct ticker ticker = {.loop = loop, .limit = ROWS[i].times};
        ticker.timer = rb_timer_new(loop, tick, &ticker);
        int64_t start_ms = rb_clock_monotonic_ms();
        rb_timer_start(ticker.timer, ROWS[i].delay_ms, ROWS[i].repeat_ms);
        assert_int_equal(ticker.fired, 0); /* never from within the call */
        rb_loop_run(loop);
        assert_int_equal(ticker.fired, ROWS[i].times);
        int64_t least_ms = ROWS[i].delay_ms + ROWS[i].repeat_ms * (ROWS[i].times - 1);
        assert_true(rb_clock_monotonic_ms() - start_ms >= least_ms - 1);
    }
}

static void count(void *context)
{
    (*(int *)context)++;
}

static void stop_loop(void *context)
{
    rb_loop_stop(context);
}

static void test_timer_stops_and_starts_anew(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    int stopped = 0, restarted = 0;
    struct rb_timer *first = rb_timer_new(loop, count, &stopped);
    struct rb_timer *second = rb_timer_new(loop, count, &restarted);
    struct rb_timer *end = rb_timer_new(loop, stop_loop, loop);
    rb_timer_start(first, 1, 1);
    rb_timer_stop(first);
    rb_timer_stop(first);
    rb_timer_start(second, 1000000, 0);
    rb_timer_start(second, 1, 0); /* set anew, not added */
    rb_timer_start(end, 30, 0);
    rb_loop_run(loop);
    assert_int_equal(stopped, 0);
    assert_int_equal(restarted, 1);
    rb_timer_free(first);
    rb_timer_free(second);
    rb_timer_free(end);
    rb_timer_free(NULL);
}

static void test_run_once_handles_one_event(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    int fired = 0;
    struct rb_timer *timer = rb_timer_new(loop, count, &fired);
    rb_timer_start(timer, 5, 0);
    while (fired == 0)
        rb_loop_run_once(loop);
    assert_int_equal(fired, 1);
    rb_timer_free(timer);
}

static void test_run_once_returns_when_a_timer_has_fired(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    int due = 0, far = 0;
    struct rb_timer *first = rb_timer_new(loop, count, &due);
    struct rb_timer *second = rb_timer_new(loop, count, &far);
    rb_timer_start(second, 30000, 0);
    int64_t start_ms = rb_clock_monotonic_ms();
    for (int i = 0; i < 100; i++) {
        rb_timer_start(first, 0, 0);
        while (due == i)
            rb_loop_run_once(loop);
    }
    assert_true(rb_clock_monotonic_ms() - start_ms < 15000);
    assert_int_equal(far, 0);
    rb_timer_free(first);
    rb_timer_free(second);
}

/* Frees a loop on which a timer runs, in a child whose processor time is limited. */
static void test_free_asserts_that_no_handle_is_left(void **state)
{
    (void)state;
    int status, fired = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {5, 5};
        (void)signal(SIGABRT, SIG_DFL);
        (void)setrlimit(RLIMIT_CPU, &limit);
        (void)close(STDERR_FILENO);
        struct rb_loop *loop = rb_loop_new();
        struct rb_timer *timer = rb_timer_new(loop, count, &fired);
        rb_timer_start(timer, 1000000, 0);
        rb_loop_free(loop);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    rb_loop_free(NULL);
}

static void test_free_after_a_stop(void **state)
{
    (void)state;
    struct rb_loop *loop = rb_loop_new();
    int fired = 0;
    rb_timer_free(rb_timer_new(loop, count, &fired));
    rb_loop_stop(loop);
    rb_loop_free(loop);
    assert_int_equal(fired, 0);
}

struct sum {
    struct rb_loop *loop;
    pthread_t loop_thread;
    pthread_t run_thread;
    bool done_on_loop;
    int result;
    int *open;
};

static void add_up(void *context)
{
    struct sum *sum = context;
    sum->run_thread = pthread_self();
    for (int i = 1; i <= 1000; i++)
        sum->result += i;
}

static void added_up(void *context)
{
    struct sum *sum = context;
    sum->done_on_loop = pthread_equal(pthread_self(), sum->loop_thread) != 0;
    (*sum->open)--;
}

static void test_work_runs_on_a_thread(void **state)
{
    (void)state;
    enum { PIECES = 20 };
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct sum sums[PIECES];
    int open = PIECES;
    for (size_t i = 0; i < PIECES; i++) {
        sums[i] = (struct sum){.loop = loop, .loop_thread = pthread_self(), .open = &open};
        rb_work_queue(loop, add_up, added_up, &sums[i]);
    }
    assert_int_equal(open, PIECES); /* done is never called from within */
    rb_loop_run(loop);
    assert_int_equal(open, 0);
    for (size_t i = 0; i < PIECES; i++) {
        assert_int_equal(sums[i].result, 500500);
        assert_true(sums[i].done_on_loop);
        assert_false(pthread_equal(sums[i].run_thread, pthread_self()));
    }
}

static void test_free_waits_for_work(void **state)
{
    (void)state;
    struct rb_loop *loop = rb_loop_new();
    int open = 1;
    struct sum sum = {.loop = loop, .loop_thread = pthread_self(), .open = &open};
    rb_work_queue(loop, add_up, added_up, &sum);
    rb_loop_free(loop);
    assert_int_equal(open, 0);
}

static void test_signals_come_on_the_loop(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    int hangups = 0, users = 0;
    struct rb_signal *hangup = rb_signal_watch(loop, SIGHUP, count, &hangups);
    struct rb_signal *user = rb_signal_watch(loop, SIGUSR1, count, &users);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(users, 0);
    while (users == 0)
        rb_loop_run_once(loop);
    assert_int_equal(users, 1);
    assert_int_equal(hangups, 0);
    rb_signal_free(hangup);
    rb_signal_free(user);
    rb_signal_free(NULL);
}

/* Who writes to a peer that went away is told so by the write. */
static void test_a_broken_pipe_is_no_signal(void **state)
{
    (void)state;
    int ends[2];
    rb_loop_free(rb_loop_new());
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

enum { NEW, RUNNING, DONE, FAILED };

static const struct rb_state_table JOB = {
    .name = "job",
    .count = 4,
    .states = {[NEW] = {"new", RB_STATE_BIT(RUNNING)},
               [RUNNING] = {"running", RB_STATE_BIT(DONE) | RB_STATE_BIT(FAILED)},
               [DONE] = {"done", 0},
               [FAILED] = {"failed", RB_STATE_BIT(RUNNING)}},
};

static void test_state_table(void **state)
{
    (void)state;
    static const bool MAY[4][4] = {[NEW] = {[RUNNING] = true},
                                   [RUNNING] = {[DONE] = true, [FAILED] = true},
                                   [FAILED] = {[RUNNING] = true}};
    for (unsigned from = 0; from < 4; from++) {
        for (unsigned to = 0; to < 4; to++)
            assert_int_equal(rb_state_may_move(&JOB, from, to), MAY[from][to]);
    }
    unsigned now = NEW;
    rb_state_move(&JOB, &now, RUNNING);
    rb_state_move(&JOB, &now, FAILED);
    assert_int_equal(now, FAILED);
    assert_string_equal(rb_state_name(&JOB, now), "failed");
}

static void test_a_move_off_the_table_stops_the_program(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        unsigned now = DONE;
        (void)signal(SIGABRT, SIG_DFL);
        (void)close(STDERR_FILENO);
        rb_state_move(&JOB, &now, RUNNING);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer_fires_and_repeats),
        cmocka_unit_test(test_timer_stops_and_starts_anew),
        cmocka_unit_test(test_run_once_handles_one_event),
        cmocka_unit_test(test_run_once_returns_when_a_timer_has_fired),
        cmocka_unit_test(test_free_asserts_that_no_handle_is_left),
        cmocka_unit_test(test_free_after_a_stop),
        cmocka_unit_test(test_work_runs_on_a_thread),
        cmocka_unit_test(test_free_waits_for_work),
        cmocka_unit_test(test_signals_come_on_the_loop),
        cmocka_unit_test(test_a_broken_pipe_is_no_signal),
        cmocka_unit_test(test_state_table),
        cmocka_unit_test(test_a_move_off_the_table_stops_the_program),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
