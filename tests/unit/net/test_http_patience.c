/* SPDX-License-Identifier: Apache-2.0 */
/* A server that asks to be asked again later: who waits, for how long, and who does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "http_fixture.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

/* Refuses so many requests, each with these words, and answers the rest. */
struct refusing {
    unsigned status;
    const char *header; /* or NULL */
    int refusals;
    int requests;
};

struct patient {
    struct rb_loop *loop;
    struct rb_http *http;
    struct refusing refusing;
    struct server *server;
    char *url;
    int waits;
    int64_t waited_ms;
    char last_what[200];
    struct rb_http_transfer *to_cancel; /* as soon as it waits */
};

static void answer(void *context, const struct server_request *request, struct server_reply *reply)
{
    struct refusing *refusing = context;
    bool posted = request->body_size == 0 || strcmp(request->body, "a=b") == 0;
    reply->status = 200;
    reply->body = posted ? "good" : "not what was sent";
    if (refusing->requests++ < refusing->refusals) {
        reply->status = refusing->status;
        reply->body = "a long story about a busy day";
        reply->headers[0] = refusing->header;
    }
    reply->body_size = strlen(reply->body);
}

static int setup(void **state)
{
    struct patient *patient = rb_zalloc(sizeof(*patient));
    patient->loop = rb_loop_new();
    patient->http = rb_http_new(patient->loop);
    *state = patient;
    return 0;
}

static int teardown(void **state)
{
    struct patient *patient = *state;
    rb_http_free(patient->http);
    rb_loop_free(patient->loop);
    if (patient->server != NULL)
        server_stop(patient->server);
    rb_free(patient->url);
    rb_free(patient);
    return 0;
}

static void waiting(void *context, const char *what, int status, int64_t wait_ms)
{
    struct patient *patient = context;
    assert_int_equal(status, patient->refusing.status);
    (void)snprintf(patient->last_what, sizeof(patient->last_what), "%s", what);
    patient->waits++;
    patient->waited_ms += wait_ms;
    if (patient->to_cancel != NULL)
        rb_loop_stop(patient->loop);
}

static void begin(struct patient *patient, struct refusing refusing, int64_t patience_ms)
{
    patient->refusing = refusing;
    patient->server = server_start(answer, &patient->refusing);
    patient->url = rb_asprintf("http://127.0.0.1:%d/thing", server_port(patient->server));
    if (patience_ms > 0)
        rb_http_set_patience(patient->http, patience_ms, waiting, patient);
}

static struct outcome get(struct patient *patient, struct rb_http_request request)
{
    struct outcome outcome = {0};
    request.url = patient->url;
    rb_http_send(patient->http, &request, http_keep, &outcome, NULL);
    rb_loop_run(patient->loop);
    assert_int_equal(outcome.calls, 1);
    assert_int_equal(outcome.err.code, 0);
    return outcome;
}

static bool take(void *context, const void *data, size_t size)
{
    rb_strbuf_append(context, data, size);
    return true;
}

static void test_waits_and_asks_again(void **state)
{
    struct patient *patient = *state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf taken = RB_STRBUF_INIT(64);
    begin(patient, (struct refusing){429, "Retry-After: 1", 2, 0}, 5000);
    int64_t before = rb_clock_monotonic_ms();
    struct outcome outcome = get(
        patient, (struct rb_http_request){
                     .body_maximum = 40, .timeout_ms = 1500, .sink = take, .sink_context = &taken});
    assert_int_equal(outcome.status, 200);
    assert_string_equal(rb_strbuf_text(&taken), "good");
    assert_true(rb_clock_monotonic_ms() - before >= 2000);
    assert_int_equal(patient->waits, 2);
    assert_string_equal(patient->last_what + strlen("GET "), patient->url);
}

static void test_sends_the_same_again(void **state)
{
    struct patient *patient = *state;
    begin(patient, (struct refusing){500, "Retry-After: 0", 1, 0}, 5000);
    struct outcome outcome =
        get(patient, (struct rb_http_request){.method = "POST", .body = "a=b", .body_size = 3});
    assert_string_equal(outcome.body, "good");
    assert_int_equal(patient->waited_ms, 1000);
}

static void test_does_not_wait(void **state)
{
    static const struct {
        struct refusing refusing;
        int64_t patience_ms;
        const char *message;
    } CASES[] = {
        {{429, "Retry-After: 1", 1, 0},
         0,
         "the thing: the server answered 429 (it asks to come back in 1.0s)"},
        {{503, "Retry-After: 600", 1, 0},
         60000,
         "the thing: the server answered 503 (it asks to come back in 10m00s)"},
        {{503, NULL, 1, 0}, 60000, "the thing: the server answered 503"},
        {{404, "Retry-After: 1", 1, 0},
         60000,
         "the thing: the server answered 404 (it asks to come back in 1.0s)"},
    };
    struct patient *patient = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        begin(patient, CASES[i].refusing, CASES[i].patience_ms);
        struct outcome outcome = get(patient, (struct rb_http_request){0});
        assert_string_equal(outcome.message, CASES[i].message);
        assert_int_equal(patient->refusing.requests, 1);
        assert_int_equal(patient->waits, 0);
        server_stop(rb_steal(&patient->server));
        rb_free(rb_steal(&patient->url));
    }
}

static void test_patience_ends(void **state)
{
    struct patient *patient = *state;
    begin(patient, (struct refusing){503, "Retry-After: 1", 9, 0}, 1500);
    struct outcome outcome = get(patient, (struct rb_http_request){0});
    assert_int_equal(outcome.status, 503);
    assert_int_equal(patient->refusing.requests, 2);
}

static void test_waits_side_by_side_count_once(void **state)
{
    struct patient *patient = *state;
    struct outcome outcomes[4] = {0};
    begin(patient, (struct refusing){429, "Retry-After: 1", 4, 0}, 1900);
    const struct rb_http_request request = {.url = patient->url};
    for (size_t i = 0; i < RB_COUNT_OF(outcomes); i++)
        rb_http_send(patient->http, &request, http_keep, &outcomes[i], NULL);
    rb_loop_run(patient->loop);
    for (size_t i = 0; i < RB_COUNT_OF(outcomes); i++)
        assert_string_equal(outcomes[i].body, "good");
    assert_int_equal(patient->waits, 4);
}

static void test_a_wait_can_be_cancelled(void **state)
{
    struct patient *patient = *state;
    struct outcome outcome = {0};
    begin(patient, (struct refusing){429, "Retry-After: 30", 1, 0}, 60000);
    const struct rb_http_request request = {.url = patient->url};
    rb_http_send(patient->http, &request, http_keep, &outcome, &patient->to_cancel);
    rb_loop_run(patient->loop); /* to the wait */
    rb_http_cancel(patient->to_cancel);
    rb_loop_run(patient->loop);
    assert_int_equal(outcome.calls, 0);
    assert_int_equal(patient->refusing.requests, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_waits_and_asks_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sends_the_same_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_does_not_wait, setup, teardown),
        cmocka_unit_test_setup_teardown(test_patience_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_waits_side_by_side_count_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wait_can_be_cancelled, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
