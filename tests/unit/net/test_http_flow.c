/* SPDX-License-Identifier: Apache-2.0 */
/* Sinks, pauses, cancelling, and the pool of connections. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_fixture.h"
#include "rebake/base/memory.h"
#include "rebake/loop/timer.h"

struct taking {
    struct fixture *fixture;
    struct rb_http_transfer *transfer;
    struct rb_timer *timer;
    size_t size;
    int pauses;
    size_t refuse_after; /* 0: take all */
    bool pause;
};

static void go_on(void *context)
{
    struct taking *taking = context;
    rb_http_resume(taking->transfer);
}

static bool take(void *context, const void *data, size_t size)
{
    struct taking *taking = context;
    if (memcmp(data, taking->fixture->big + taking->size, size) != 0)
        return false;
    taking->size += size;
    if (taking->pause) {
        taking->pauses++;
        rb_http_pause(taking->transfer);
        rb_timer_start(taking->timer, 1, 0);
    }
    return taking->refuse_after == 0 || taking->size < taking->refuse_after;
}

static struct outcome take_big(struct taking *taking, int64_t stall_ms)
{
    struct fixture *fixture = taking->fixture;
    struct outcome outcome = {0};
    RB_CLEANUP_FREE char *url =
        rb_asprintf("http://127.0.0.1:%d/big", server_port(fixture->server));
    struct rb_http_request request = {
        .url = url, .sink = take, .sink_context = taking, .stall_ms = stall_ms};
    taking->timer = rb_timer_new(fixture->loop, go_on, taking);
    rb_http_send(fixture->http, &request, http_keep, &outcome, &taking->transfer);
    rb_loop_run(fixture->loop);
    rb_timer_free(taking->timer);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

static void test_sink(void **state)
{
    struct fixture *fixture = *state;
    struct taking all = {.fixture = fixture};
    struct outcome outcome = take_big(&all, 0);
    assert_int_equal(outcome.err.code, 0);
    assert_int_equal(all.size, fixture->big_size);
    assert_string_equal(outcome.body, "");
    struct taking part = {.fixture = fixture, .refuse_after = 100000};
    outcome = take_big(&part, 0);
    assert_int_equal(outcome.err.code, RB_ECANCELED);
    assert_in_range(part.size, 100000, fixture->big_size - 1);
    struct taking nothing = {.fixture = fixture};
    outcome = http_get(fixture, "/404/plain",
                       (struct rb_http_request){.sink = take, .sink_context = &nothing});
    assert_int_equal(nothing.size, 0);
    assert_string_equal(outcome.body, "no such thing\nsecond line");
}

static void test_pause_and_resume(void **state)
{
    struct fixture *fixture = *state;
    struct taking taking = {.fixture = fixture, .pause = true};
    struct outcome outcome = take_big(&taking, 0);
    assert_int_equal(outcome.err.code, 0);
    assert_int_equal(taking.size, fixture->big_size);
    assert_true(taking.pauses > 4);
}

static void stop_loop(void *context)
{
    rb_loop_stop(context);
}

static void test_a_pause_is_no_stall(void **state)
{
    struct fixture *fixture = *state;
    struct taking taking = {.fixture = fixture, .pause = true};
    struct outcome outcome = {0};
    RB_CLEANUP_FREE char *url =
        rb_asprintf("http://127.0.0.1:%d/big", server_port(fixture->server));
    struct rb_http_request request = {
        .url = url, .sink = take, .sink_context = &taking, .stall_ms = 1500};
    taking.timer = rb_timer_new(fixture->loop, stop_loop, fixture->loop);
    rb_http_send(fixture->http, &request, http_keep, &outcome, &taking.transfer);
    rb_loop_run(fixture->loop); /* to the first piece */
    rb_timer_start(taking.timer, 2500, 0);
    rb_loop_run(fixture->loop);
    assert_int_equal(outcome.calls, 0);
    rb_http_cancel(taking.transfer);
    rb_timer_free(taking.timer);
}

static void test_cancel(void **state)
{
    struct fixture *fixture = *state;
    static const char *const HOSTS[] = {"127.0.0.1", "localhost"};
    for (size_t i = 0; i < RB_COUNT_OF(HOSTS); i++) {
        struct outcome at_once = {0}, later = {0};
        RB_CLEANUP_FREE char *url =
            rb_asprintf("http://%s:%d/hello", HOSTS[i], server_port(fixture->server));
        struct rb_http_request request = {.url = url};
        struct rb_http_transfer *transfer;
        rb_http_send(fixture->http, &request, http_keep, &at_once, &transfer);
        rb_http_cancel(transfer);
        rb_http_send(fixture->http, &request, http_keep, &later, &transfer);
        rb_loop_run_once(fixture->loop);
        int calls = later.calls;
        if (calls == 0)
            rb_http_cancel(transfer);
        rb_loop_run(fixture->loop);
        assert_int_equal(at_once.calls, 0);
        assert_int_equal(later.calls, calls);
    }
}

static void test_free_while_a_name_is_looked_up(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome = {0};
    struct rb_http_request request = {.url = "http://localhost:1/"};
    struct rb_http_transfer *transfer;
    struct rb_http *http = rb_http_new(fixture->loop);
    rb_http_send(http, &request, http_keep, &outcome, &transfer);
    rb_loop_run_once(fixture->loop);
    if (outcome.calls == 0)
        rb_http_cancel(transfer);
    rb_http_free(http);
}

static void test_connections_are_reused(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i < 5; i++)
        http_get(fixture, "/hello", (struct rb_http_request){0});
    assert_int_equal(fixture->requests, 5);
    assert_int_equal(server_connections(fixture->server), 1);
}

static void test_many_at_once(void **state)
{
    enum { MANY = 100 };
    struct fixture *fixture = *state;
    struct outcome outcomes[MANY] = {0};
    RB_CLEANUP_FREE char *url =
        rb_asprintf("http://127.0.0.1:%d/hello", server_port(fixture->server));
    struct rb_http_request request = {.url = url};
    for (int i = 0; i < MANY; i++)
        rb_http_send(fixture->http, &request, http_keep, &outcomes[i], NULL);
    rb_loop_run(fixture->loop);
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(outcomes[i].calls, 1);
        assert_string_equal(outcomes[i].body, "hello");
    }
    assert_in_range(server_connections(fixture->server), 1, 6);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_setup, http_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sink),
        TEST(test_pause_and_resume),
        TEST(test_a_pause_is_no_stall),
        TEST(test_cancel),
        TEST(test_free_while_a_name_is_looked_up),
        TEST(test_connections_are_reused),
        TEST(test_many_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
