/* SPDX-License-Identifier: Apache-2.0 */
/* Webhooks over a real socket, stored in a real store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../hooks/request.h"
#include "../store/fixture.h"
#include "rebake/api/hooks.h"
#include "rebake/base/text.h"

enum { AT_ONCE = 40, ANSWER_MAXIMUM = 64 * 1024 };

struct hooks_fixture {
    struct fixture *base;
    struct rb_loop *loop;
    struct rb_settings *settings;
    struct rb_hooks *hooks;
    int port;
    int transactions;
    bool store_is_full;
    int matched;
};

static const char BODY[] =
    "{\"ref\":\"refs/heads/main\",\"repository\":{\"clone_url\":\"https://x/shop/code.git\"}}";

static void match(void *context, const struct rb_hook_settings *hook,
                  const struct rb_hook_news *news, struct rb_arena *arena,
                  struct rb_accepted_hook *ret_hook)
{
    static const size_t numbers[] = {7};
    static const char *const names[] = {"shop/code"};
    struct hooks_fixture *fixture = context;
    (void)hook;
    (void)arena;
    fixture->matched += (int)news->count;
    ret_hook->sources = numbers;
    ret_hook->source_names = names;
    ret_hook->source_count = news->count > 0;
}

static int store(void *context, struct rb_accepted_hook *const *hooks, size_t count,
                 struct rb_err *err)
{
    struct hooks_fixture *fixture = context;
    struct rb_delivery *rows[2 * AT_ONCE];
    if (fixture->store_is_full)
        return rb_err_set(err, RB_EDB, "the store is full");
    assert_true(count <= RB_COUNT_OF(rows));
    for (size_t i = 0; i < count; i++)
        rows[i] = &hooks[i]->row;
    fixture->transactions++;
    return rb_store_add_deliveries(fixture->base->store, rows, count, err);
}

static struct rb_settings *parse(const struct hooks_fixture *fixture, const char *hooks)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP_FREE char *text =
        rb_asprintf("{apiVersion: rebake/v1, settings: test,"
                    " listen: {address: \"127.0.0.1:%d\", proxies: [127.0.0.0/8]}, hooks: {%s}}",
                    fixture->port, hooks);
    struct rb_settings *settings = NULL;
    struct rb_err err;
    if (rb_settings_parse(text, strlen(text), "test", &settings, &diagnostics, &err) != 0)
        fail_msg("%s: %s", err.text, diagnostics.items[0].message);
    return settings;
}

/* A port that is free now, and that nobody is given by chance: listening wants its number. */
static int free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    RB_CLEANUP_CLOSE int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    return ntohs(address.sin_port);
}

static int set_up(void **state)
{
    struct hooks_fixture *fixture = rb_zalloc(sizeof(*fixture));
    struct rb_err err;
    void *base = NULL;
    assert_int_equal(fixture_setup(&base), 0);
    fixture->base = base;
    fixture->base->now = SAMPLE_NOW * INT64_C(1000);
    fixture->loop = rb_loop_new();
    fixture->port = free_port();
    fixture->settings = parse(fixture, "shop: {provider: github, secret: {secret: sample}},"
                                       "few: {provider: quay, secret: {secret: sample}, rate: 1/h},"
                                       "odd: {provider: github, secret: {secret: absent}},"
                                       "events: {provider: cloudevents, secret: {secret: sample}}");
    const struct rb_hooks_options options = {.loop = fixture->loop,
                                             .clock = &fixture->base->clock,
                                             .settings = fixture->settings,
                                             .request_ms = 300,
                                             .context = fixture,
                                             .match = match,
                                             .store = store};
    assert_ok(rb_hooks_start(&options, &fixture->hooks, &err), &err);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct hooks_fixture *fixture = *state;
    void *base = fixture->base;
    rb_hooks_stop(fixture->hooks);
    rb_settings_free(fixture->settings);
    rb_loop_free(fixture->loop);
    assert_int_equal(fixture_teardown(&base), 0);
    rb_free(fixture);
    return 0;
}

static int connect_to(const struct hooks_fixture *fixture)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                  .sin_port = htons((uint16_t)fixture->port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_to(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* The answer's head and body; what has come when the server closes. */
static char *answer_of(struct hooks_fixture *fixture, int fd)
{
    struct rb_strbuf text = RB_STRBUF_INIT(ANSWER_MAXIMUM);
    for (;;) {
        char piece[4096];
        ssize_t got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        if (got < 0)
            rb_loop_run_once(fixture->loop);
        else
            rb_strbuf_append(&text, piece, (size_t)got);
        if (strstr(rb_strbuf_text(&text), "}\n") != NULL)
            break;
    }
    if (text.size == 0)
        rb_strbuf_puts(&text, "closed");
    return rb_strbuf_steal(&text);
}

/* A push that is signed with a secret; number makes it another one than the rest. */
static char *push(const char *path, const char *secret, int number)
{
    RB_CLEANUP_FREE char *body = rb_asprintf("%.*s,\"n\":%d}", (int)strlen(BODY) - 1, BODY, number);
    RB_CLEANUP(sample_deinit) struct sample_request sample = sample_of(body);
    sample_sign(&sample, RB_HOOK_GITHUB, secret);
    return rb_asprintf("POST %s HTTP/1.1\r\nHost: x\r\nX-GitHub-Event: push\r\n"
                       "X-GitHub-Delivery: d%d\r\n%s: %s\r\nContent-Length: %zu\r\n\r\n%s",
                       path, number, sample.names[0], sample.values[0], strlen(body), body);
}

static void assert_answer(struct hooks_fixture *fixture, const char *request, const char *words)
{
    RB_CLEANUP_CLOSE int fd = connect_to(fixture);
    send_to(fd, request);
    RB_CLEANUP_FREE char *answer = answer_of(fixture, fd);
    if (strstr(answer, words) == NULL)
        fail_msg("\"%s\" is not in the answer:\n%s", words, answer);
}

static size_t stored(const struct hooks_fixture *fixture)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_delivery *rows;
    size_t count;
    struct rb_err err;
    assert_ok(rb_store_open_deliveries(fixture->base->store, arena, &rows, &count, &err), &err);
    return count;
}

static void one_that_is_proven_is_stored_and_answered(void **state)
{
    struct hooks_fixture *fixture = *state;
    RB_CLEANUP_FREE char *request = push("/hooks/github/shop", SAMPLE_SECRET, 1);
    assert_answer(fixture, request, "202 Accepted");
    assert_int_equal(stored(fixture), 1);
    assert_answer(fixture, request, "\"outcome\":\"replayed\"");
    assert_int_equal(stored(fixture), 1);
    RB_CLEANUP_FREE char *other_id = rb_strdup(request);
    strstr(other_id, ": d1")[3] = '2'; /* the id is not signed: another one makes nothing new */
    assert_answer(fixture, other_id, "200 OK");
    assert_int_equal(stored(fixture), 1);
}

static void many_share_a_transaction(void **state)
{
    struct hooks_fixture *fixture = *state;
    int fds[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        RB_CLEANUP_FREE char *request = push("/hooks/github/shop", SAMPLE_SECRET, i);
        fds[i] = connect_to(fixture);
        send_to(fds[i], request);
    }
    for (int i = 0; i < AT_ONCE; i++) {
        RB_CLEANUP_FREE char *answer = answer_of(fixture, fds[i]);
        assert_non_null(strstr(answer, "202 Accepted"));
        (void)close(fds[i]);
    }
    assert_int_equal(stored(fixture), AT_ONCE);
    assert_true(fixture->transactions < AT_ONCE / 4);
}

static void what_is_not_stored_is_not_accepted(void **state)
{
    struct hooks_fixture *fixture = *state;
    RB_CLEANUP_FREE char *request = push("/hooks/github/shop", SAMPLE_SECRET, 1);
    fixture->store_is_full = true;
    assert_answer(fixture, request, "503 Service Unavailable");
    fixture->store_is_full = false;
    assert_answer(fixture, request, "202 Accepted");
}

static void others_are_refused_and_only_counted(void **state)
{
    struct hooks_fixture *fixture = *state;
    RB_CLEANUP_FREE char *forged = push("/hooks/github/shop", "guessed", 1);
    RB_CLEANUP_FREE char *unknown = push("/hooks/github/shops", SAMPLE_SECRET, 1);
    RB_CLEANUP_FREE char *elsewhere = push("/hooks/gitea/shop", SAMPLE_SECRET, 1);
    RB_CLEANUP_FREE char *secretless = push("/hooks/github/odd", SAMPLE_SECRET, 1);
    assert_answer(fixture, forged, "401 Unauthorized");
    assert_answer(fixture, unknown, "401 Unauthorized");
    assert_answer(fixture, elsewhere, "401 Unauthorized");
    assert_answer(fixture, secretless, "503 Service");
    assert_answer(fixture,
                  "POST /hooks/github/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
                  "401 Unauthorized");
    assert_answer(fixture, "GET /hooks/github/shop HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method");
    assert_answer(fixture, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "401 Unauthorized");
    assert_answer(fixture,
                  "POST /hooks/quay/few?token=it%20is%20no%20secret%20of%20anybody%27s HTTP/1.1\r\n"
                  "Host: x\r\nContent-Length: 2\r\n\r\n{}",
                  "400 Bad Request");
    assert_int_equal(stored(fixture), 0);
    RB_CLEANUP_JSON json_t *json = rb_hooks_json(fixture->hooks, NULL, 0);
    const json_t *refused =
        json_object_get(json_array_get(json_object_get(json, "hooks"), 0), "refused");
    assert_int_equal(rb_json_get_integer(refused, "forged", 0), 1);
    assert_int_equal(rb_json_get_integer(refused, "unsigned", 0), 1);
    assert_int_equal(rb_json_get_integer(json, "unknown", 0), 3);
}

static void a_body_that_is_too_large_is_not_read(void **state)
{
    struct hooks_fixture *fixture = *state;
    assert_answer(fixture,
                  "POST /hooks/github/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 2097153\r\n\r\n",
                  "413 ");
    RB_CLEANUP_FREE char *long_head = rb_zalloc(40000);
    memset(long_head, 'x', 39000);
    RB_CLEANUP_FREE char *request =
        rb_asprintf("POST /hooks/github/shop HTTP/1.1\r\nHost: x\r\nX-Long: %s\r\n\r\n", long_head);
    assert_answer(fixture, request, "431 ");
}

static void a_rate_is_kept(void **state)
{
    struct hooks_fixture *fixture = *state;
    static const char format[] =
        "POST /hooks/quay/few HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " SAMPLE_SECRET
        "\r\nContent-Length: 29\r\n\r\n{\"docker_url\":\"quay.io/a/b%d\"}";
    RB_CLEANUP_FREE char *first = rb_asprintf(format, 1);
    RB_CLEANUP_FREE char *second = rb_asprintf(format, 2);
    assert_answer(fixture, first, "202 Accepted");
    assert_answer(fixture, second, "429 Too Many");
    assert_answer(fixture, second, "Retry-After: ");
}

static void the_handshake_of_cloudevents_is_answered(void **state)
{
    struct hooks_fixture *fixture = *state;
    assert_answer(fixture,
                  "OPTIONS /hooks/cloudevents/events HTTP/1.1\r\nHost: x\r\n"
                  "WebHook-Request-Origin: events.example.com\r\n\r\n",
                  "WebHook-Allowed-Origin: events.example.com");
    assert_answer(fixture, "OPTIONS /hooks/github/shop HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method");
}

/* A byte now and then is no reason to keep a connection. */
static void a_slow_sender_is_cut_off(void **state)
{
    struct hooks_fixture *fixture = *state;
    RB_CLEANUP_CLOSE int fd = connect_to(fixture);
    int64_t begun_ms = rb_clock_monotonic_ms();
    send_to(fd, "POST /hooks/github/shop HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n");
    for (;;) {
        char piece[16];
        ssize_t got = recv(fd, piece, sizeof(piece), MSG_DONTWAIT);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        (void)send(fd, "x", 1, MSG_NOSIGNAL);
        rb_loop_run_once(fixture->loop);
    }
    assert_true(rb_clock_monotonic_ms() - begun_ms < 20 * 1000);
}

static void settings_are_exchanged(void **state)
{
    struct hooks_fixture *fixture = *state;
    struct rb_err err;
    RB_CLEANUP_FREE char *request = push("/hooks/github/shop", SAMPLE_SECRET, 1);
    RB_CLEANUP_FREE char *other = push("/hooks/github/other", SAMPLE_SECRET, 2);
    struct rb_settings *fresh = parse(fixture, "other: {provider: github, secret: {secret: absent},"
                                               " previous: {secret: sample}}");
    assert_answer(fixture, other, "401 Unauthorized");
    assert_ok(rb_hooks_reload(fixture->hooks, fresh, &err), &err);
    rb_settings_free(fixture->settings);
    fixture->settings = fresh;
    assert_answer(fixture, request, "401 Unauthorized");
    assert_answer(fixture, other, "202 Accepted"); /* by the secret that is being replaced */
    fixture->port++;
    RB_CLEANUP(rb_settings_cleanup) struct rb_settings *elsewhere = parse(fixture, "");
    assert_int_equal(rb_hooks_reload(fixture->hooks, elsewhere, &err), RB_EINVALID);
}

#define WITH_HOOKS(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOOKS(one_that_is_proven_is_stored_and_answered),
        WITH_HOOKS(many_share_a_transaction),
        WITH_HOOKS(what_is_not_stored_is_not_accepted),
        WITH_HOOKS(others_are_refused_and_only_counted),
        WITH_HOOKS(a_body_that_is_too_large_is_not_read),
        WITH_HOOKS(a_rate_is_kept),
        WITH_HOOKS(the_handshake_of_cloudevents_is_answered),
        WITH_HOOKS(a_slow_sender_is_cut_off),
        WITH_HOOKS(settings_are_exchanged),
    };
    return cmocka_run_group_tests(tests, sample_set_up, NULL);
}
