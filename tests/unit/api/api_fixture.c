/* SPDX-License-Identifier: Apache-2.0 */
#include "api_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { RAW_MAXIMUM = 1024 * 1024 };

static void changed(void *context)
{
    struct api_fixture *fixture = context;
    fixture->changes++;
}

static bool is_behind(void *context)
{
    const struct api_fixture *fixture = context;
    return fixture->behind;
}

static int check_now(void *context, int64_t source_id, struct rb_err *err)
{
    struct api_fixture *fixture = context;
    if (fixture->store_is_full)
        return rb_err_set(err, RB_EDB, "the store is full");
    fixture->checked_id = source_id;
    return 0;
}

static struct rb_api_host host_of(void *context, int64_t source_id)
{
    const struct api_fixture *fixture = context;
    assert_true(source_id > 0);
    return fixture->host;
}

static int cancel_build(void *context, int64_t build_id, struct rb_err *err)
{
    struct api_fixture *fixture = context;
    if (fixture->nothing_to_cancel)
        return rb_err_set(err, RB_ENOTFOUND, "build %lld is failed: there is nothing to cancel",
                          (long long)build_id);
    fixture->canceled_id = build_id;
    return 0;
}

static int keep_version(void *context, int64_t version_id, const char *pipeline, const char *image,
                        struct rb_err *err)
{
    struct api_fixture *fixture = context;
    struct rb_arena *arena = fixture->base->arena;
    assert_true(version_id > 0);
    fixture->kept_pipeline = pipeline == NULL ? NULL : rb_arena_strdup(arena, pipeline);
    fixture->kept_image = image == NULL ? NULL : rb_arena_strdup(arena, image);
    return fixture->cannot_keep ? rb_err_set(err, RB_EINVALID, "it is gone") : 0;
}

static int hooks(void *context, json_t **ret_json, struct rb_err *err)
{
    (void)context;
    (void)err;
    *ret_json = rb_json_object();
    rb_json_set_string(*ret_json, "address", NULL);
    return 0;
}

int api_setup(void **state)
{
    struct rb_err err;
    void *base = NULL;
    struct api_fixture *fixture = rb_zalloc(sizeof(*fixture));
    assert_int_equal(fixture_setup(&base), 0);
    fixture->base = base;
    fixture->base->now = 1000000;
    fixture->checked_id = -1;
    fixture->host = (struct rb_api_host){.name = "git.example.com", .state = "up"};
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->socket_path = fixture_path(fixture->base, "s");
    const struct rb_api_options options = {.loop = fixture->loop,
                                           .store = fixture->base->store,
                                           .clock = &fixture->base->clock,
                                           .socket_path = fixture->socket_path,
                                           .version = "1.2.3",
                                           .context = fixture,
                                           .changed = changed,
                                           .is_behind = is_behind,
                                           .check_now = check_now,
                                           .host_of = host_of,
                                           .cancel_build = cancel_build,
                                           .keep_version = keep_version,
                                           .hooks = hooks,
                                           .started_at = 5000};
    assert_ok(rb_api_start(&options, &fixture->api, &err), &err);
    *state = fixture;
    return 0;
}

int api_teardown(void **state)
{
    struct api_fixture *fixture = *state;
    void *base = fixture->base;
    rb_api_stop(fixture->api);
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    assert_int_equal(fixture_teardown(&base), 0);
    rb_free(fixture);
    return 0;
}

struct exchange {
    struct api_fixture *fixture;
    struct reply reply;
    bool done;
};

static const char *header(struct api_fixture *fixture, const struct rb_http_response *response,
                          const char *name)
{
    return rb_arena_strdup(fixture->base->arena, rb_http_header(response, name));
}

static void answered(void *context, const struct rb_http_response *response,
                     const struct rb_err *error)
{
    struct exchange *exchange = context;
    struct api_fixture *fixture = exchange->fixture;
    exchange->done = true;
    if (error != NULL)
        fail_msg("no answer: %s", error->text);
    char *body = rb_arena_alloc(fixture->base->arena, response->body_size + 1);
    memcpy(body, response->body, response->body_size);
    exchange->reply = (struct reply){.status = response->status,
                                     .body = body,
                                     .size = response->body_size,
                                     .log_size = header(fixture, response, "X-Rebake-Size"),
                                     .log_state = header(fixture, response, "X-Rebake-State"),
                                     .allow = header(fixture, response, "Allow"),
                                     .type = header(fixture, response, "Content-Type")};
}

struct reply api_ask(struct api_fixture *fixture, const char *method, const char *path,
                     const char *body)
{
    struct exchange exchange = {.fixture = fixture};
    const struct rb_http_request request = {
        .method = method,
        .url = rb_arena_printf(fixture->base->arena, "http://rebaked%s", path),
        .body = body,
        .body_size = body == NULL ? 0 : strlen(body),
        .unix_socket = fixture->socket_path,
    };
    rb_http_send(fixture->http, &request, answered, &exchange, NULL);
    while (!exchange.done)
        rb_loop_run_once(fixture->loop);
    return exchange.reply;
}

json_t *api_get(struct api_fixture *fixture, const char *path)
{
    struct rb_err err;
    json_t *json = NULL;
    struct reply reply = api_ask(fixture, "GET", path, NULL);
    if (reply.status != 200)
        fail_msg("%s: status %d: %s", path, reply.status, reply.body);
    assert_string_equal(reply.type, "application/json");
    assert_ok(rb_json_parse(reply.body, reply.size, path, &json, &err), &err);
    return json;
}

void assert_refused(const struct reply *reply, int status, const char *words)
{
    struct rb_err err;
    json_t *json = NULL;
    if (reply->status != status)
        fail_msg("status %d instead of %d: %s", reply->status, status, reply->body);
    assert_ok(rb_json_parse(reply->body, reply->size, "error", &json, &err), &err);
    const char *message = text_at(json, "error.message");
    assert_true(*text_at(json, "error.code") != '\0');
    if (strstr(message, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", message, words);
    json_decref(json);
}

static int connect_raw(struct api_fixture *fixture)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_true(strlen(fixture->socket_path) < sizeof(address.sun_path));
    memcpy(address.sun_path, fixture->socket_path, strlen(fixture->socket_path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

const char *api_send_raw(struct api_fixture *fixture, const char *bytes, size_t size)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(RAW_MAXIMUM);
    RB_CLEANUP_CLOSE int fd = connect_raw(fixture);
    for (;;) {
        char piece[4096];
        ssize_t sent = size == 0 ? 0 : send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        ssize_t got = recv(fd, piece, sizeof(piece), 0);
        if (got == 0 || (got < 0 && errno != EAGAIN))
            break;
        if (got > 0)
            assert_true(rb_strbuf_append(&text, piece, (size_t)got));
        else
            rb_loop_run_once(fixture->loop);
    }
    return rb_arena_strdup(fixture->base->arena, rb_strbuf_text(&text));
}

const json_t *at(const json_t *json, const char *path)
{
    const char *rest = path;
    while (*rest != '\0' && json != NULL) {
        size_t size = strcspn(rest, ".");
        RB_CLEANUP_FREE char *part = rb_strndup(rest, size);
        uint64_t index;
        if (json_is_array(json))
            json = rb_text_to_u64(part, &index) ? json_array_get(json, index) : NULL;
        else
            json = json_object_get(json, part);
        rest += size + (rest[size] == '.');
    }
    if (json == NULL)
        fail_msg("there is no %s", path);
    return json;
}

const char *text_at(const json_t *json, const char *path)
{
    const json_t *found = at(json, path);
    if (!json_is_string(found))
        fail_msg("%s is not a text", path);
    return json_string_value(found);
}

int64_t number_at(const json_t *json, const char *path)
{
    const json_t *found = at(json, path);
    if (!json_is_integer(found))
        fail_msg("%s is not a number", path);
    return json_integer_value(found);
}
