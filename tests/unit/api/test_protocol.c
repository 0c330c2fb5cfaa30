/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that make no sense, are too large, or are cut off. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api_fixture.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { TOO_MUCH = 65 * 1024 };

static void unknown_paths_and_methods(void **state)
{
    struct api_fixture *fixture = *state;
    static const struct {
        const char *method;
        const char *path;
        int status;
        const char *words;
        const char *allow;
    } cases[] = {
        {"GET", "/", 404, "there is nothing at /", NULL},
        {"GET", "/v1", 404, "there is nothing at /v1", NULL},
        {"GET", "/v1/nothing", 404, "there is nothing at /v1/nothing", NULL},
        {"GET", "/v1/status/", 404, "nothing at", NULL},
        {"GET", "/v1/builds/", 404, "nothing at", NULL},
        {"GET", "/v1/why/", 404, "nothing at", NULL},
        {"POST", "/v1/status", 405, "/v1/status takes GET only", "GET"},
        {"DELETE", "/v1/builds/1", 405, "takes GET only", "GET"},
        {"GET", "/v1/pause", 405, "takes POST only", "POST"},
        {"GET", "/v1/builds/x", 404, "there is no build x", NULL},
        {"GET", "/v1/builds/-1", 404, "there is no build -1", NULL},
        {"GET", "/v1/builds/99", 404, "there is no build 99", NULL},
        {"GET", "/v1/builds/99999999999999999999", 404, "there is no build", NULL},
        {"GET", "/v1/why/build:x", 404, "there is no build:x", NULL},
        {"GET", "/v1/history?limit=0", 400, "asks for nothing", NULL},
        {"GET", "/v1/history?limit=1001", 400, "is not a number from 0 to 1000", NULL},
        {"GET", "/v1/history?limit=ten", 400, "limit=ten is not a number", NULL},
        {"GET", "/v1/history?before=-1", 400, "before=-1 is not a number", NULL},
        {"POST", "/v1/sources/77/check", 404, "there is no source 77", NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct reply reply = api_ask(fixture, cases[i].method, cases[i].path, NULL);
        assert_refused(&reply, cases[i].status, cases[i].words);
        if (cases[i].allow != NULL)
            assert_string_equal(reply.allow, cases[i].allow);
        else
            assert_null(reply.allow);
    }
}

static void bodies_that_make_no_sense(void **state)
{
    struct api_fixture *fixture = *state;
    static const struct {
        const char *body;
        const char *words;
    } cases[] = {
        {"{", "the request's body: line 1"},
        {"[]", "not a JSON object"},
        {"\xff", "the request's body"},
        {"{}", "\"subject\" is missing"},
        {"{\"subject\":7}", "\"subject\" is not a string"},
        {"{\"subject\":\"all\"}", "\"why\" is missing"},
        {"{\"subject\":\"all\",\"why\":\"\"}", "\"why\" is missing"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct reply reply = api_ask(fixture, "POST", "/v1/pause", cases[i].body);
        assert_refused(&reply, 400, cases[i].words);
    }
    assert_int_equal(fixture->changes, 0);
}

static void large_body_is_refused(void **state)
{
    struct api_fixture *fixture = *state;
    char *body = rb_arena_alloc(fixture->base->arena, TOO_MUCH + 1);
    memset(body, ' ', TOO_MUCH);
    struct reply reply = api_ask(fixture, "POST", "/v1/pause", body);
    assert_refused(&reply, 413, "larger than 65536 bytes");
    assert_int_equal(api_ask(fixture, "GET", "/v1/healthz", NULL).status, 200);
}

/* Far too much is refused before it is sent. */
static void huge_body_is_refused_by_its_length(void **state)
{
    struct api_fixture *fixture = *state;
    static const char REQUEST[] = "POST /v1/pause HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Content-Length: 99999999999\r\n\r\n";
    const char *reply = api_send_raw(fixture, REQUEST, strlen(REQUEST));
    assert_non_null(strstr(reply, " 413 "));
    assert_non_null(strstr(reply, "larger than 65536 bytes"));
}

/* Without a length announced, what comes is counted. */
static void large_chunked_body_is_refused(void **state)
{
    struct api_fixture *fixture = *state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf request = RB_STRBUF_INIT(1024 * 1024);
    char piece[1024];
    memset(piece, ' ', sizeof(piece));
    rb_strbuf_puts(&request, "POST /v1/pause HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                             "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t size = 0; size < TOO_MUCH; size += sizeof(piece)) {
        rb_strbuf_puts(&request, "400\r\n");
        rb_strbuf_append(&request, piece, sizeof(piece));
        rb_strbuf_puts(&request, "\r\n");
    }
    rb_strbuf_puts(&request, "0\r\n\r\n");
    const char *reply = api_send_raw(fixture, request.data, request.size);
    assert_non_null(strstr(reply, " 413 "));
    assert_non_null(strstr(reply, "larger than 65536 bytes"));
}

static void chunked_body_is_taken(void **state)
{
    struct api_fixture *fixture = *state;
    static const char REQUEST[] = "POST /v1/pause HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n"
                                  "8\r\n{\"subjec\r\n18\r\nt\":\"all\",\"why\":\"chunks\"}\r\n"
                                  "0\r\n\r\n";
    const char *reply = api_send_raw(fixture, REQUEST, strlen(REQUEST));
    assert_non_null(strstr(reply, " 200 "));
    assert_int_equal(fixture->changes, 1);
}

static void noise_does_no_harm(void **state)
{
    struct api_fixture *fixture = *state;
    static const char *const NOISE[] = {
        "GET\r\n\r\n",
        "GET / HTTP/9.9\r\nConnection: close\r\n\r\n",
        "POST /v1/pause HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\nConnection: close\r\n\r\n",
        "GET /v1/why/%00%ff%2e%2e HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    };
    for (size_t i = 0; i < RB_COUNT_OF(NOISE); i++)
        (void)api_send_raw(fixture, NOISE[i], strlen(NOISE[i]));
    assert_int_equal(api_ask(fixture, "GET", "/v1/healthz", NULL).status, 200);
}

static void head_has_no_body(void **state)
{
    struct api_fixture *fixture = *state;
    static const char REQUEST[] =
        "HEAD /v1/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    const char *reply = api_send_raw(fixture, REQUEST, strlen(REQUEST));
    assert_non_null(strstr(reply, " 200 "));
    assert_non_null(strstr(reply, "Content-Length: 11"));
    assert_null(strstr(reply, "{"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unknown_paths_and_methods, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(bodies_that_make_no_sense, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(large_body_is_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(huge_body_is_refused_by_its_length, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(large_chunked_body_is_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(chunked_body_is_taken, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(noise_does_no_harm, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(head_has_no_body, api_setup, api_teardown),
    };
    return cmocka_run_group_tests_name("api protocol", tests, NULL, NULL);
}
