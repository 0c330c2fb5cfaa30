/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked and what is answered. test_http_flow.c holds how it flows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_fixture.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

static void test_get(void **state)
{
    struct outcome outcome = http_get(*state, "/hello", (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, 0);
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "hello");
    assert_string_equal(outcome.header, "second");
    assert_int_equal(outcome.retry_after_ms, -1);
    assert_true(outcome.sent_bytes > 40);
    assert_true(outcome.received_bytes > 60);
}

static void test_methods_and_bodies(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome =
        http_get(fixture, "/hello", (struct rb_http_request){.method = "HEAD"});
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "");
    assert_string_equal(fixture->last_request, "HEAD /hello ");
    http_get(fixture, "/hello",
             (struct rb_http_request){.method = "POST", .body = "a=b", .body_size = 3});
    assert_string_equal(fixture->last_request, "POST /hello a=b");
    http_get(fixture, "/hello", (struct rb_http_request){.method = "POST"});
    assert_string_equal(fixture->last_request, "POST /hello ");
    http_get(fixture, "/hello",
             (struct rb_http_request){.method = "PUT", .body = "new", .body_size = 3});
    assert_string_equal(fixture->last_request, "PUT /hello new");
    http_get(fixture, "/hello", (struct rb_http_request){.method = "DELETE"});
    assert_string_equal(fixture->last_request, "DELETE /hello ");
}

static void test_credentials(void **state)
{
    struct fixture *fixture = *state;
    http_get(fixture, "/hello", (struct rb_http_request){.user = "lab", .password = "pass"});
    assert_string_equal(fixture->last_authorization, "Basic bGFiOnBhc3M=");
    http_get(fixture, "/hello", (struct rb_http_request){.bearer = "t0ken"});
    assert_string_equal(fixture->last_authorization, "Bearer t0ken");
    http_get(fixture, "/hello", (struct rb_http_request){0});
    assert_string_equal(fixture->last_authorization, "");
}

static void test_refusals_become_errors(void **state)
{
    static const struct {
        const char *path;
        int code;
        const char *message;
    } CASES[] = {
        {"/401/html", RB_EAUTH, "the thing: the server answered 401"},
        {"/403/oauth", RB_EAUTH, "the thing: the server answered 403: not yours"},
        {"/404/plain", RB_ENOTFOUND, "the thing: the server answered 404: no such thing"},
        {"/429/oci", RB_EBUSY, "the thing: the server answered 429: TOOMANYREQUESTS: slow ?down"},
        {"/418/", RB_EHTTP, "the thing: the server answered 418"},
        {"/500/", RB_EBUSY, "the thing: the server answered 500"},
        {"/503/oci", RB_EBUSY, "the thing: the server answered 503: TOOMANYREQUESTS: slow ?down"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct outcome outcome = http_get(*state, CASES[i].path, (struct rb_http_request){0});
        assert_int_equal(outcome.err.code, 0);
        assert_int_equal(outcome.message_code, CASES[i].code);
        assert_string_equal(outcome.message, CASES[i].message);
    }
    assert_int_equal(http_get(*state, "/429/wait", (struct rb_http_request){0}).retry_after_ms,
                     7000);
}

static struct outcome get_canned(struct fixture *fixture, const char *bytes, int hold,
                                 struct rb_http_request request)
{
    struct canned *canned = canned_start(bytes, strlen(bytes), hold);
    struct outcome outcome = http_send(fixture, canned_port(canned), "/", request);
    canned_stop(canned);
    return outcome;
}

static void test_retry_after(void **state)
{
    char date[RB_TIME_TEXT_SIZE];
    int64_t now = rb_clock_now(&rb_clock_system);
    static const struct {
        const char *value;
        int64_t ms;
    } CASES[] = {{"0", 0},   {"120", 120000}, {"99999999999", 86400000},
                 {"-1", -1}, {"soon", -1},    {"Fri, 31 Dec 1999 23:59:59 GMT", 0}};
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *bytes = rb_asprintf(
            "HTTP/1.1 429 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n", CASES[i].value);
        struct outcome outcome = get_canned(*state, bytes, 0, (struct rb_http_request){0});
        assert_int_equal(outcome.retry_after_ms, CASES[i].ms);
    }
    RB_CLEANUP_FREE char *bytes =
        rb_asprintf("HTTP/1.1 503 Slow\r\nRetry-After: %s\r\nContent-Length: 0\r\n\r\n",
                    rb_time_format_http(now + 60000, date));
    struct outcome outcome = get_canned(*state, bytes, 0, (struct rb_http_request){0});
    assert_in_range(outcome.retry_after_ms, 30000, 61000);
}

static void test_a_spent_allowance(void **state)
{
    int64_t in_a_minute = rb_clock_now(&rb_clock_system) / 1000 + 60;
    RB_CLEANUP_FREE char *github =
        rb_asprintf("X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: %lld", (long long)in_a_minute);
    const struct {
        const char *headers;
        int64_t least, most;
    } cases[] = {
        {github, 50000, 61000},
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: 30", 30000, 30000},
        {"RateLimit: \"default\";r=0;t=30", 30000, 30000},
        {"RateLimit: \"default\";r=1;t=30", -1, -1},
        {"RateLimit-Remaining: 7\r\nRateLimit-Reset: 30", -1, -1},
        {"RateLimit-Remaining: 0;w=21600", -1, -1},
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: soon", -1, -1},
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: 99999999999999999999", -1, -1},
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: 9999999999999", 86400000, 86400000},
        {"RateLimit-Remaining: 0\r\nRateLimit-Reset: 30\r\nRetry-After: 5", 5000, 5000},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *bytes =
            rb_asprintf("HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 0\r\n\r\n", cases[i].headers);
        struct outcome outcome = get_canned(*state, bytes, 0, (struct rb_http_request){0});
        assert_true(outcome.retry_after_ms >= cases[i].least);
        assert_true(outcome.retry_after_ms <= cases[i].most);
    }
}

static void test_what_is_left_of_an_allowance(void **state)
{
    int64_t in_a_minute = rb_clock_now(&rb_clock_system) / 1000 + 60;
    RB_CLEANUP_FREE char *github =
        rb_asprintf("X-RateLimit-Remaining: 57\r\nX-RateLimit-Limit: 60\r\nX-RateLimit-Reset: %lld",
                    (long long)in_a_minute);
    const struct {
        const char *headers;
        int64_t remaining, total, least_ms, most_ms;
    } cases[] = {
        {"Date: today", 0, 0, 0, 0},
        {"RateLimit-Remaining: 76;w=21600\r\nRateLimit-Limit: 100;w=21600", 76, 100, 21600000,
         21600000},
        {"RateLimit-Remaining: 76;w=21600", 76, 0, 21600000, 21600000},
        {"RateLimit-Remaining: 7\r\nRateLimit-Reset: 30\r\nRateLimit-Limit: 10", 7, 10, 30000,
         30000},
        {"RateLimit: \"default\";r=50;t=30\r\nRateLimit-Policy: \"default\";q=100;w=60", 50, 100,
         30000, 30000},
        {"RateLimit: \"default\";r=50;t=30", 50, 0, 30000, 30000},
        {github, 57, 60, 50000, 61000},
        {"X-RateLimit-Remaining: 5\r\nX-RateLimit-Reset: 9\r\nRateLimit-Remaining: 7;w=60", 5, 0,
         9000, 9000},
        {"RateLimit-Remaining: 7", 0, 0, 0, 0},
        {"RateLimit-Remaining: many;w=60", 0, 0, 0, 0},
        {"RateLimit-Remaining: 7;w=99999999999", 0, 0, 0, 0},
        {"RateLimit-Remaining: 99999999999;w=60", INT32_MAX, 0, 60000, 60000},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *bytes =
            rb_asprintf("HTTP/1.1 200 OK\r\n%s\r\nContent-Length: 0\r\n\r\n", cases[i].headers);
        struct outcome outcome = get_canned(*state, bytes, 0, (struct rb_http_request){0});
        assert_int_equal(outcome.limit.remaining, cases[i].remaining);
        assert_int_equal(outcome.limit.total, cases[i].total);
        assert_true(outcome.limit.window_ms >= cases[i].least_ms);
        assert_true(outcome.limit.window_ms <= cases[i].most_ms);
        assert_int_equal(outcome.retry_after_ms, -1);
    }
}

static void test_a_truncated_body_is_no_answer(void **state)
{
    struct outcome outcome =
        get_canned(*state, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 0,
                   (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_ENETWORK);
    outcome = get_canned(*state, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", 0,
                         (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_ENETWORK);
    outcome = get_canned(*state, "", 0, (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_ENETWORK);
    outcome = get_canned(*state, "SSH-2.0-OpenSSH_9.2\r\n", 0, (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_EHTTP);
}

static void test_time_limits(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome =
        get_canned(fixture, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", 1,
                   (struct rb_http_request){.stall_ms = 100});
    assert_int_equal(outcome.err.code, RB_ETIMEOUT);
    assert_non_null(strstr(outcome.err.text, "nothing came for 100ms"));
    int port;
    int fd = silent_open(&port);
    outcome = http_send(fixture, port, "/?secret=1", (struct rb_http_request){.stall_ms = 100});
    assert_int_equal(outcome.err.code, RB_ETIMEOUT);
    assert_null(strstr(outcome.err.text, "secret"));
    outcome = http_send(fixture, port, "/", (struct rb_http_request){.timeout_ms = 100});
    assert_int_equal(outcome.err.code, RB_ETIMEOUT);
    assert_non_null(strstr(outcome.err.text, "not at its end after 100ms"));
    (void)close(fd);
}

static void test_nobody_there(void **state)
{
    struct outcome outcome = http_send(*state, closed_port(), "/", (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_ENETWORK);
    assert_int_equal(outcome.status, 0);
    struct outcome bad = {0};
    struct rb_http_request request = {.url = "ftp://127.0.0.1/"};
    struct fixture *fixture = *state;
    rb_http_send(fixture->http, &request, http_keep, &bad, NULL);
    rb_loop_run(fixture->loop);
    assert_int_equal(bad.calls, 1);
    assert_int_equal(bad.err.code, RB_EINVALID);
}

static void test_too_large(void **state)
{
    struct fixture *fixture = *state;
    struct outcome outcome =
        http_get(fixture, "/big", (struct rb_http_request){.body_maximum = 1 << 20});
    assert_int_equal(outcome.err.code, RB_ELIMIT);
    outcome = http_get(fixture, "/big", (struct rb_http_request){.body_maximum = 4 << 20});
    assert_int_equal(outcome.err.code, 0);
    assert_int_equal(outcome.body_size, fixture->big_size);
    outcome = get_canned(fixture, "HTTP/1.1 200 OK\r\n\r\n0123456789", 0,
                         (struct rb_http_request){.body_maximum = 9});
    assert_int_equal(outcome.err.code, RB_ELIMIT);
    /* Of a refusal the start is enough, however long it is. */
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf refusal = RB_STRBUF_INIT(1 << 20);
    rb_strbuf_puts(&refusal, "HTTP/1.1 500 No\r\n\r\n");
    while (refusal.size < 300000)
        rb_strbuf_puts(&refusal, "no! ");
    outcome = get_canned(fixture, refusal.data, 0, (struct rb_http_request){.body_maximum = 9});
    assert_int_equal(outcome.err.code, 0);
    assert_int_equal(outcome.status, 500);
    assert_int_equal(outcome.body_size, 64 << 10);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf headers = RB_STRBUF_INIT(1 << 20);
    rb_strbuf_puts(&headers, "HTTP/1.1 200 OK\r\n");
    while (headers.size < 300000)
        rb_strbuf_puts(&headers, "X-Padding: 0123456789012345678901234567890123456789\r\n");
    rb_strbuf_puts(&headers, "\r\n");
    outcome = get_canned(fixture, headers.data, 0, (struct rb_http_request){0});
    assert_int_equal(outcome.err.code, RB_ELIMIT);
}

static void test_redirects(void **state)
{
    struct fixture *fixture = *state;
    (void)snprintf(fixture->redirect_to, sizeof(fixture->redirect_to), "Location: /hello");
    struct outcome outcome = http_get(fixture, "/away", (struct rb_http_request){0});
    assert_int_equal(outcome.status, 302);
    outcome =
        http_get(fixture, "/away", (struct rb_http_request){.follow = true, .bearer = "stays"});
    assert_int_equal(outcome.status, 200);
    assert_string_equal(outcome.body, "hello");
    assert_non_null(strstr(outcome.url, "/hello"));
    assert_string_equal(fixture->last_authorization, "Bearer stays");
    (void)snprintf(fixture->redirect_to, sizeof(fixture->redirect_to), "Location: /away");
    outcome = http_get(fixture, "/away", (struct rb_http_request){.follow = true});
    assert_int_equal(outcome.err.code, RB_EHTTP);
    (void)snprintf(fixture->redirect_to, sizeof(fixture->redirect_to),
                   "Location: file:///etc/passwd");
    outcome = http_get(fixture, "/away", (struct rb_http_request){.follow = true});
    assert_int_equal(outcome.err.code, RB_EHTTP);
}

static void test_credentials_do_not_cross_hosts(void **state)
{
    struct fixture *fixture = *state;
    struct fixture other = {0};
    other.server = server_start(http_answer, &other);
    (void)snprintf(fixture->redirect_to, sizeof(fixture->redirect_to),
                   "Location: http://127.0.0.1:%d/hello", server_port(other.server));
    struct outcome outcome =
        http_get(fixture, "/away", (struct rb_http_request){.follow = true, .bearer = "secret"});
    assert_string_equal(outcome.body, "hello");
    assert_string_equal(fixture->last_authorization, "Bearer secret");
    assert_string_equal(other.last_authorization, "");
    outcome = http_get(fixture, "/away",
                       (struct rb_http_request){.follow = true, .user = "lab", .password = "pass"});
    assert_string_equal(outcome.body, "hello");
    assert_string_equal(fixture->last_authorization, "Basic bGFiOnBhc3M=");
    assert_string_equal(other.last_authorization, "");
    server_stop(other.server);
}

static void test_unix_socket(void **state)
{
    struct fixture *fixture = *state;
    struct fixture other = {0};
    RB_CLEANUP_FREE char *folder = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-http-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/socket", folder);
    other.server = server_start_unix(path, http_answer, &other);
    struct outcome outcome =
        http_send(fixture, 1, "/hello", (struct rb_http_request){.unix_socket = path});
    assert_string_equal(outcome.body, "hello");
    server_stop(other.server);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, http_setup, http_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_get),
        TEST(test_methods_and_bodies),
        TEST(test_credentials),
        TEST(test_refusals_become_errors),
        TEST(test_retry_after),
        TEST(test_a_spent_allowance),
        TEST(test_what_is_left_of_an_allowance),
        TEST(test_a_truncated_body_is_no_answer),
        TEST(test_time_limits),
        TEST(test_nobody_there),
        TEST(test_too_large),
        TEST(test_redirects),
        TEST(test_credentials_do_not_cross_hosts),
        TEST(test_unix_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
