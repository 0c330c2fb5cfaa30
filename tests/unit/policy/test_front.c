/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frame.h"
#include "front.h"
#include "rebake/base/memory.h"
#include "rebake/net/http.h"
#include "rebake/serve/unix_socket.h"

enum { TIMEOUT_MS = 400, MANY = 50, MEMORY = 64 << 20 };

struct world {
    struct rb_loop *loop;
    struct rb_http *http;
    struct worker *worker;
    struct front *front;
    char folder[32];
    char *path;
    struct rb_unix_socket socket;
    int answers;
    int status;
    char text[600];
};

static int decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    (void)context;
    (void)err;
    while (rb_json_get_bool(input, "loop", false))
        (void)getpid();
    *ret_result = rb_json_object();
    rb_json_set_string(*ret_result, "decision", rb_json_get_string(input, "say", "allow"));
    return 0;
}

static void keep(void *context, const struct rb_http_response *response, const struct rb_err *error)
{
    struct world *world = context;
    world->answers++;
    world->status = response->status;
    if (error != NULL)
        fail_msg("%s", error->text);
    (void)snprintf(world->text, sizeof(world->text), "%s", response->body);
}

static void send_request(struct world *world, const char *method, const char *path,
                         const char *const *headers, const char *body)
{
    RB_CLEANUP_FREE char *url = rb_asprintf("http://localhost%s", path);
    const struct rb_http_request request = {.method = method,
                                            .url = url,
                                            .headers = headers,
                                            .unix_socket = world->path,
                                            .body = body,
                                            .body_size = body == NULL ? 0 : strlen(body)};
    rb_http_send(world->http, &request, keep, world, NULL);
}

static void ask(struct world *world, const char *method, const char *path,
                const char *const *headers, const char *body)
{
    int before = world->answers;
    send_request(world, method, path, headers, body);
    while (world->answers == before)
        rb_loop_run_once(world->loop);
}

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    struct rb_err err;
    world->loop = rb_loop_new();
    world->http = rb_http_new(world->loop);
    (void)snprintf(world->folder, sizeof(world->folder), "/tmp/policy-front-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->path = rb_asprintf("%s/socket", world->folder);
    const struct worker_options worker = {.loop = world->loop,
                                          .timeout_ms = TIMEOUT_MS,
                                          .memory_bytes = MEMORY,
                                          .policies = {.decide = decide}};
    if (worker_new(&worker, &world->worker, &err) != 0 ||
        rb_unix_socket_listen(world->path, &world->socket, &err) != 0)
        fail_msg("%s", err.text);
    const struct front_options front = {
        .loop = world->loop, .fd = world->socket.fd, .name = world->path, .worker = world->worker};
    assert_int_equal(front_start(&front, &world->front, &err), 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    worker_free(world->worker);
    front_stop(world->front);
    rb_http_free(world->http);
    rb_loop_free(world->loop);
    (void)unlink(world->path);
    (void)rmdir(world->folder);
    rb_free(world->path);
    rb_free(world);
    return 0;
}

#define DECISION "/v1/data/rebake/decision"

static const struct {
    const char *method;
    const char *path;
    const char *body;
    const char *header; /* or NULL */
    int status;
    const char *says;
} CASES[] = {
    {"POST", DECISION, "{\"input\":{}}", NULL, 200, "\"result\":{\"decision\":\"allow\"}}\n"},
    {"POST", DECISION "?pretty", "{\"input\":{}}", NULL, 200, "    \"decision\": \"allow\"\n"},
    {"POST", DECISION "?pretty=true", "{\"input\":{}}", NULL, 200, "    \"decision\": \"allow\"\n"},
    {"POST", DECISION "?pretty=false&metrics", "{\"input\":{}}", NULL, 200, "\"decision\":\"all"},
    {"GET", DECISION "?input=%7B%22say%22:%22hold%22%7D", NULL, NULL, 200, "\"decision\":\"hold\""},
    {"GET", DECISION, NULL, NULL, 200, "'input' key missing"},
    {"GET", DECISION "?input=%7B", NULL, NULL, 400, "invalid_parameter"},
    {"POST", "/v0/data/rebake/decision", "{\"say\":\"refuse\"}", NULL, 200,
     "{\"decision\":\"refuse\"}\n"},
    {"GET", "/v0/data/rebake/decision", NULL, NULL, 405, "GET or POST"},
    {"PUT", DECISION, "{}", NULL, 405, "GET or POST"},
    {"DELETE", DECISION, NULL, NULL, 405, "GET or POST"},
    {"POST", "/v1/data/other/package", "{\"input\":{}}", NULL, 200, "{\"decision_id\":"},
    {"GET", "/health", NULL, NULL, 200, "{}\n"},
    {"GET", "/", NULL, NULL, 404, "resource_not_found"},
    {"POST", "/v1/query", "{}", NULL, 404, "resource_not_found"},
    {"POST", DECISION, "input=1", NULL, 400, "invalid_parameter"},
    {"POST", DECISION, "\x1f\x8b", "Content-Encoding: gzip", 400, "Content-Encoding"},
    {"POST", DECISION, "{\"input\":{\"loop\":true}}", NULL, 500, "eval_cancel_error"},
    {"POST", DECISION, "{\"input\":{}}", "Connection: close", 200, "allow"},
};

static void requests_are_answered(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        const char *const headers[] = {CASES[i].header, NULL};
        ask(world, CASES[i].method, CASES[i].path, headers, CASES[i].body);
        if (world->status != CASES[i].status || strstr(world->text, CASES[i].says) == NULL)
            fail_msg("%s %s: %d %s", CASES[i].method, CASES[i].path, world->status, world->text);
    }
}

static void what_is_too_large_is_refused(void **state)
{
    struct world *world = *state;
    RB_CLEANUP_FREE char *body = rb_asprintf("{\"input\":\"%0*d\"}", FRAME_BODY_MAXIMUM, 0);
    RB_CLEANUP_FREE char *path = rb_asprintf(DECISION "/%0*d", FRAME_DOCUMENT_MAXIMUM, 0);
    ask(world, "POST", DECISION, NULL, body);
    assert_int_equal(world->status, 413);
    assert_non_null(strstr(world->text, "\"code\":\"invalid_parameter\""));
    ask(world, "POST", path, NULL, "{\"input\":{}}");
    assert_int_equal(world->status, 414);
    ask(world, "POST", DECISION, NULL, "{\"input\":{}}");
    assert_int_equal(world->status, 200);
}

static void many_ask_at_once(void **state)
{
    struct world *world = *state;
    for (int i = 0; i < MANY; i++)
        send_request(world, "POST", DECISION, NULL,
                     i == 3 ? "{\"input\":{\"loop\":true}}" : "{\"input\":{}}");
    while (world->answers < MANY)
        rb_loop_run_once(world->loop);
    assert_int_equal(world->status, 200);
}

static void health_is_that_of_the_worker(void **state)
{
    struct world *world = *state;
    do
        ask(world, "GET", "/health", NULL, NULL);
    while (world->status != 200);
    assert_int_equal(kill(worker_pid(world->worker), SIGSTOP), 0);
    send_request(world, "POST", DECISION, NULL, "{\"input\":{}}");
    ask(world, "GET", "/health", NULL, NULL);
    assert_int_equal(world->status, 200); /* until it is noticed */
    while (strstr(world->text, "eval_cancel_error") == NULL)
        rb_loop_run_once(world->loop);
    do
        ask(world, "GET", "/health", NULL, NULL);
    while (world->status != 200);
}

/* Whoever waits when the server ends is told. */
static void the_end_leaves_nobody_waiting(void **state)
{
    struct world *world = *state;
    send_request(world, "POST", DECISION, NULL, "{\"input\":{\"loop\":true}}");
    for (int i = 0; i < 20 && world->answers == 0; i++)
        rb_loop_run_once(world->loop);
    worker_free(rb_steal(&world->worker));
    while (world->answers == 0)
        rb_loop_run_once(world->loop);
    assert_int_equal(world->status, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_are_answered, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_too_large_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(many_ask_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(health_is_that_of_the_worker, setup, teardown),
        cmocka_unit_test_setup_teardown(the_end_leaves_nobody_waiting, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
