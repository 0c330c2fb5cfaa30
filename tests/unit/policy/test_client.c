/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../net/server.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/policy/client.h"

enum { MANY = 20, TEXT_SIZE = 1200 };

struct world {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_policy_client *client;
    json_t *input;
    char url[RB_POLICY_ENDPOINTS_MAXIMUM][64];
    /* of the last question that ended */
    int ended;
    int word; /* -1: no answer */
    int code;
    char rule[64];
    char text[TEXT_SIZE];
    /* of the breakers */
    int opened, closed;
    /* of the server */
    struct server *server;
    struct server_reply reply;
    struct rb_strbuf huge;
    struct rb_arena *bodies; /* live as long as the server */
    int requests;
    char request[400];
};

static void keep(void *context, const struct rb_policy_answer *answer, const struct rb_err *error)
{
    struct world *world = context;
    world->ended++;
    assert_true((answer == NULL) != (error == NULL));
    world->word = answer == NULL ? -1 : (int)answer->word;
    world->code = error == NULL ? 0 : (int)error->code;
    (void)snprintf(world->text, sizeof(world->text), "%s", error == NULL ? "" : error->text);
    (void)snprintf(world->rule, sizeof(world->rule), "%s",
                   answer == NULL || answer->rule == NULL ? "" : answer->rule);
}

static void changed(void *context, const char *endpoint, const struct rb_err *error)
{
    struct world *world = context;
    assert_non_null(endpoint);
    world->opened += error != NULL;
    world->closed += error == NULL;
}

static void use(struct world *world, const char *const *endpoints, int64_t timeout_ms,
                int64_t rest_ms)
{
    const struct rb_policy_client_options options = {.endpoints = endpoints,
                                                     .timeout_ms = timeout_ms,
                                                     .failures = 2,
                                                     .rest_ms = rest_ms,
                                                     .changed = changed,
                                                     .context = world};
    rb_policy_client_free(world->client);
    world->client = rb_policy_client_new(world->loop, world->http, &options);
    world->opened = world->closed = 0;
}

static const char *url_of(struct world *world, size_t index, int port)
{
    (void)snprintf(world->url[index], sizeof(world->url[index]),
                   "http://127.0.0.1:%d/v1/data/rebake/decision", port);
    return world->url[index];
}

static void use_one(struct world *world, int port, int64_t timeout_ms)
{
    const char *const endpoints[] = {url_of(world, 0, port), NULL};
    use(world, endpoints, timeout_ms, 60 * 1000);
}

static void ask(struct world *world)
{
    int before = world->ended;
    rb_policy_ask(world->client, world->input, keep, world, NULL);
    assert_int_equal(world->ended, before); /* never from within the call */
    while (world->ended == before)
        rb_loop_run_once(world->loop);
}

static void answer(void *context, const struct server_request *request, struct server_reply *reply)
{
    struct world *world = context;
    world->requests++;
    (void)snprintf(world->request, sizeof(world->request), "%s %s %s %s", request->method,
                   request->path, request->body,
                   request->authorization != NULL ? request->authorization : "-");
    *reply = world->reply;
}

static void serve(struct world *world, unsigned status, const char *body)
{
    world->reply = (struct server_reply){.status = status, .body = body, .body_size = strlen(body)};
}

static const char ALLOWED[] = "{\"result\":{\"decision\":\"allow\",\"rule\":\"all\"}}";

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    world->bodies = rb_arena_new();
    world->loop = rb_loop_new();
    world->http = rb_http_new(world->loop);
    world->input = rb_json_object();
    rb_json_set_string(world->input, "subject", "rebuild");
    world->server = server_start(answer, world);
    serve(world, 200, ALLOWED);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    rb_policy_client_free(world->client);
    rb_http_free(world->http);
    rb_loop_free(world->loop);
    server_stop(world->server);
    rb_arena_free(world->bodies);
    rb_strbuf_deinit(&world->huge);
    json_decref(world->input);
    rb_free(world);
    return 0;
}

static void a_server_answers(void **state)
{
    struct world *world = *state;
    const char *const endpoints[] = {url_of(world, 0, server_port(world->server)), NULL};
    const struct rb_policy_client_options options = {.endpoints = endpoints, .bearer = "secret"};
    world->client = rb_policy_client_new(world->loop, world->http, &options);
    ask(world);
    assert_int_equal(world->word, RB_POLICY_ALLOW);
    assert_string_equal(world->rule, "all");
    assert_string_equal(
        world->request,
        "POST /v1/data/rebake/decision {\"input\":{\"subject\":\"rebuild\"}} Bearer secret");
}

static void a_socket_answers(void **state)
{
    struct world *world = *state;
    char folder[] = "/tmp/policy-client-XXXXXX";
    assert_non_null(mkdtemp(folder));
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/socket", folder);
    struct server *server = server_start_unix(path, answer, world);
    const char *const endpoints[] = {path, NULL};
    use(world, endpoints, 0, 0);
    ask(world);
    assert_int_equal(world->word, RB_POLICY_ALLOW);
    assert_true(strncmp(world->request, "POST /v1/data/rebake/decision ", 30) == 0);
    server_stop(server);
    (void)unlink(path);
    (void)rmdir(folder);
}

/* What an OPA may say, whether a decision or none: it is up, so that its breaker stays closed. */
static void what_opa_says_is_read(void **state)
{
    struct world *world = *state;
    RB_CLEANUP_JSON json_t *answers = NULL;
    struct rb_err err;
    size_t index;
    const json_t *one;
    if (rb_json_read_file(REBAKE_TEST_DIR "/unit/policy/opa_answers.json", 1 << 20, &answers,
                          &err) != 0)
        fail_msg("%s", err.text);
    use_one(world, server_port(world->server), 0);
    json_array_foreach(answers, index, one)
    {
        const char *about = rb_json_get_string(one, "about", ""),
                   *word = rb_json_get_string(one, "word", NULL);
        RB_CLEANUP_FREE char *body = json_dumps(json_object_get(one, "body"), JSON_COMPACT);
        serve(world, (unsigned)rb_json_get_integer(one, "status", 0),
              rb_arena_strdup(world->bodies, body));
        ask(world);
        if (word == NULL
                ? strstr(world->text, rb_json_get_string(one, "error", "?")) == NULL
                : world->word == -1 ||
                      strcmp(rb_policy_word_name((enum rb_policy_word)world->word), word) != 0)
            fail_msg("%s: %d %s", about, world->word, world->text);
    }
    assert_int_equal(world->opened, 0);
    assert_int_equal(world->requests, json_array_size(answers));
    assert_true(json_array_size(answers) > 10);
}

static void what_is_not_opa_opens_the_breaker(void **state)
{
    struct world *world = *state;
    use_one(world, server_port(world->server), 0);
    serve(world, 502, "<html>bad gateway</html>");
    ask(world);
    serve(world, 200, "\xff garbage");
    ask(world);
    assert_int_equal(world->word, -1);
    assert_int_equal(world->opened, 1);
    int requests = world->requests;
    ask(world);
    assert_int_equal(world->requests, requests); /* it was not asked */
    assert_int_equal(world->code, RB_EBUSY);
    assert_non_null(strstr(world->text, "left alone"));
    RB_CLEANUP_JSON json_t *shown = rb_policy_client_json(world->client, 1000 * 1000);
    const json_t *first = json_array_get(shown, 0);
    assert_string_equal(rb_json_get_string(first, "state", ""), "resting");
    assert_non_null(rb_json_get_string(first, "until", NULL));
    /* It is known to be back. */
    serve(world, 200, ALLOWED);
    rb_policy_client_retry(world->client);
    ask(world);
    assert_int_equal(world->word, RB_POLICY_ALLOW);
    assert_int_equal(world->closed, 1);
}

static void a_rest_ends_by_itself(void **state)
{
    struct world *world = *state;
    const char *const endpoints[] = {url_of(world, 0, server_port(world->server)), NULL};
    use(world, endpoints, 0, 50);
    serve(world, 503, "");
    while (world->opened == 0)
        ask(world);
    serve(world, 200, ALLOWED);
    do
        ask(world);
    while (world->word == -1);
    assert_int_equal(world->closed, 1);
}

static void the_next_one_is_asked(void **state)
{
    struct world *world = *state;
    int silent_port;
    int silent = silent_open(&silent_port);
    const char *const endpoints[] = {url_of(world, 0, closed_port()), url_of(world, 1, silent_port),
                                     "/nonexistent/socket",
                                     url_of(world, 2, server_port(world->server)), NULL};
    use(world, endpoints, 100, 60 * 1000);
    for (int i = 0; i < 3; i++) {
        ask(world);
        assert_int_equal(world->word, RB_POLICY_ALLOW);
    }
    assert_int_equal(world->opened, 3);
    serve(world, 200, "{}");
    ask(world);
    assert_int_equal(world->word, -1);
    assert_non_null(strstr(world->text, "left alone")); /* of the first */
    assert_non_null(strstr(world->text, "no result"));  /* and of the last */
    (void)close(silent);
}

/* Garbage, truncated, endless and closing servers. */
static void evil_servers_give_no_answer(void **state)
{
    static const char *const ANSWERS[] = {
        "",
        "garbage\r\n\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"result\":{\"decision\":\"allow\"}}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{\"r",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
        "HTTP/1.1 302 Found\r\nLocation: /v1/data/rebake/decision\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n{\"result\":{\"decision\":\"allow\"}",
    };
    struct world *world = *state;
    for (size_t i = 0; i < RB_COUNT_OF(ANSWERS); i++) {
        struct canned *canned = canned_start(ANSWERS[i], strlen(ANSWERS[i]), 0);
        use_one(world, canned_port(canned), 1000);
        ask(world);
        if (world->word != -1)
            fail_msg("an answer was read from: %s", ANSWERS[i]);
        canned_stop(canned);
    }
}

/* One that begins and never ends. */
static void a_slow_answer_is_none(void **state)
{
    static const char BEGINNING[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n{\"result\":{\"decision\":\"allow\"}";
    struct world *world = *state;
    struct canned *canned = canned_start(BEGINNING, sizeof(BEGINNING) - 1, 1);
    use_one(world, canned_port(canned), 200);
    ask(world);
    assert_int_equal(world->word, -1);
    assert_int_equal(world->code, RB_ETIMEOUT);
    canned_stop(canned);
}

static void a_huge_answer_is_not_read(void **state)
{
    struct world *world = *state;
    world->huge = RB_STRBUF_INIT(4 << 20);
    rb_strbuf_puts(&world->huge, "{\"result\":{\"decision\":\"allow\",\"reason\":\"");
    while (world->huge.size < (2 << 20))
        rb_strbuf_puts(&world->huge, "and more, and more, and more, and more");
    rb_strbuf_puts(&world->huge, "\"}}");
    use_one(world, server_port(world->server), 0);
    serve(world, 200, rb_strbuf_text(&world->huge));
    ask(world);
    assert_int_equal(world->word, -1);
    assert_int_equal(world->code, RB_ELIMIT);
}

/* All but a few of them never reach the server that hangs. */
static void nobody_waits_in_line_for_one_that_hangs(void **state)
{
    struct world *world = *state;
    int silent_port;
    int silent = silent_open(&silent_port);
    int64_t start_ms = rb_clock_monotonic_ms();
    use_one(world, silent_port, 300);
    for (int i = 0; i < MANY; i++)
        rb_policy_ask(world->client, world->input, keep, world, NULL);
    while (world->ended < MANY)
        rb_loop_run_once(world->loop);
    assert_int_equal(world->word, -1);
    assert_int_equal(world->opened, 1);
    /* One after the other, six at a time, they would have taken MANY / 6 times 300 ms and more. */
    assert_true(rb_clock_monotonic_ms() - start_ms < INT64_C(300) * MANY / 6);
    (void)close(silent);
}

static void cancelled_questions_are_not_heard_of(void **state)
{
    struct world *world = *state;
    struct rb_policy_question *questions[3];
    int silent_port;
    int silent = silent_open(&silent_port);
    use_one(world, silent_port, 60 * 1000);
    for (size_t i = 0; i < RB_COUNT_OF(questions); i++)
        rb_policy_ask(world->client, world->input, keep, world, &questions[i]);
    rb_loop_run_once(world->loop);
    for (size_t i = 0; i < RB_COUNT_OF(questions); i++)
        rb_policy_question_cancel(questions[i]);
    /* And one that is ready, but was not told yet. */
    use_one(world, closed_port(), 1000);
    while (world->opened == 0)
        ask(world);
    int ended = world->ended;
    rb_policy_ask(world->client, world->input, keep, world, &questions[0]);
    rb_policy_question_cancel(questions[0]);
    rb_loop_run(world->loop);
    assert_int_equal(world->ended, ended);
    (void)close(silent);
}

static void endpoints_are_checked(void **state)
{
    struct rb_err err;
    (void)state;
    assert_int_equal(rb_policy_endpoint_check("/run/rebake/policy.sock", &err), 0);
    assert_int_equal(rb_policy_endpoint_check("https://opa.example.com/v1/data/a/b", &err), 0);
    assert_int_equal(rb_policy_endpoint_check("http://[::1]:8181/v1/data/a/b?x=@", &err), 0);
    assert_int_equal(rb_policy_endpoint_check("policy.sock", &err), RB_EINVALID);
    assert_int_equal(rb_policy_endpoint_check("ftp://example.com/", &err), RB_EINVALID);
    assert_int_equal(rb_policy_endpoint_check("https://me:secret@opa.example.com/", &err),
                     RB_EINVALID);
    assert_null(strstr(err.text, "secret"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_server_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_socket_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(what_opa_says_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_opa_opens_the_breaker, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rest_ends_by_itself, setup, teardown),
        cmocka_unit_test_setup_teardown(the_next_one_is_asked, setup, teardown),
        cmocka_unit_test_setup_teardown(evil_servers_give_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_answer_is_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_huge_answer_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(nobody_waits_in_line_for_one_that_hangs, setup, teardown),
        cmocka_unit_test_setup_teardown(cancelled_questions_are_not_heard_of, setup, teardown),
        cmocka_unit_test(endpoints_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
