/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "rebake/loop/timer.h"
#include "rebake/net/http.h"

enum {
    ANSWER_MAXIMUM = 256 * 1024 * 1024,
    TIMEOUT_MS = 30 * 1000,
    REST_MS = 200,
    ENCODED_MAXIMUM = 4096
};

struct rb_client {
    struct rb_loop *loop;
    struct rb_http *http;
    char *socket_path;
};

/* What came back of one request. */
struct answer {
    struct rb_loop *loop;
    struct rb_err err;
    int status;
    char *body;
    size_t size;
    int64_t log_size;
    char state[16];
};

struct rb_client *rb_client_new(const char *socket_path)
{
    struct rb_client *client = rb_zalloc(sizeof(*client));
    if (socket_path == NULL)
        socket_path = getenv("REBAKE_SOCKET");
    client->socket_path =
        rb_strdup(rb_text_is_empty(socket_path) ? RB_DEFAULT_SOCKET_PATH : socket_path);
    client->loop = rb_loop_new();
    client->http = rb_http_new(client->loop);
    return client;
}

void rb_client_free(struct rb_client *client)
{
    if (client == NULL)
        return;
    rb_http_free(client->http);
    rb_loop_free(client->loop);
    rb_free(client->socket_path);
    rb_free(client);
}

void rb_client_cleanup(struct rb_client **client)
{
    rb_client_free(*client);
}

static void keep_log_headers(struct answer *answer, const struct rb_http_response *response)
{
    const char *size = rb_http_header(response, "X-Rebake-Size");
    const char *state = rb_http_header(response, "X-Rebake-State");
    if (size == NULL || !rb_text_to_i64(size, &answer->log_size))
        answer->log_size = 0;
    (void)snprintf(answer->state, sizeof(answer->state), "%s", state == NULL ? "" : state);
}

static void answered(void *context, const struct rb_http_response *response,
                     const struct rb_err *error)
{
    struct answer *answer = context;
    if (error != NULL) {
        (void)rb_err_copy(&answer->err, error);
    } else {
        answer->status = response->status;
        answer->size = response->body_size;
        answer->body = rb_alloc(answer->size + 1);
        memcpy(answer->body, response->body, answer->size + 1);
        keep_log_headers(answer, response);
    }
    rb_loop_stop(answer->loop);
}

/* The daemon's own words where it has some. */
static int refusal(const struct answer *answer, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    const char *message = NULL;
    if (rb_json_parse(answer->body, answer->size, "answer", &json, NULL) == 0)
        message = rb_json_get_string(json_object_get(json, "error"), "message", NULL);
    enum rb_errc code = answer->status == 404  ? RB_ENOTFOUND
                        : answer->status < 500 ? RB_EINVALID
                                               : RB_EHTTP;
    if (message != NULL)
        return rb_err_set(err, code, "%s", message);
    return rb_err_set(err, code, "rebaked answered with status %d", answer->status);
}

static int ask(struct rb_client *client, const char *method, const char *path, const char *body,
               struct answer *answer, struct rb_err *err)
{
    static const char *const HEADERS[] = {"Content-Type: application/json", NULL};
    RB_CLEANUP_FREE char *url = rb_asprintf("http://rebaked%s", path);
    struct rb_http_request request = {
        .method = method,
        .url = url,
        .unix_socket = client->socket_path,
        .headers = body == NULL ? NULL : HEADERS,
        .body = body,
        .body_size = body == NULL ? 0 : strlen(body),
        .body_maximum = ANSWER_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    *answer = (struct answer){.loop = client->loop};
    rb_http_send(client->http, &request, answered, answer, NULL);
    rb_loop_run(client->loop);
    if (answer->err.code == RB_ENETWORK)
        return rb_err_set(err, RB_ENETWORK,
                          "no rebaked answers on %s: start it, or name its socket with --socket",
                          client->socket_path);
    if (answer->err.code != RB_OK)
        return rb_err_copy(err, &answer->err);
    return answer->status / 100 == 2 ? 0 : refusal(answer, err);
}

static int ask_json(struct rb_client *client, const char *method, const char *path,
                    const char *body, json_t **ret_answer, struct rb_err *err)
{
    struct answer answer;
    int status = ask(client, method, path, body, &answer, err);
    if (status == 0 && ret_answer != NULL)
        status = rb_json_parse(answer.body, answer.size, "rebaked's answer", ret_answer, err);
    rb_free(answer.body);
    return status;
}

int rb_client_get(struct rb_client *client, const char *path, json_t **ret_answer,
                  struct rb_err *err)
{
    return ask_json(client, "GET", path, NULL, ret_answer, err);
}

int rb_client_post(struct rb_client *client, const char *path, const json_t *body,
                   json_t **ret_answer, struct rb_err *err)
{
    RB_CLEANUP_FREE char *text = body == NULL ? rb_strdup("{}") : rb_json_canonical(body);
    return ask_json(client, "POST", path, text, ret_answer, err);
}

int rb_client_get_log(struct rb_client *client, int64_t build_id, int64_t offset,
                      struct rb_client_log *ret_log, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path =
        rb_asprintf("/v1/builds/%lld/log?offset=%lld", (long long)build_id, (long long)offset);
    struct answer answer;
    int status = ask(client, "GET", path, NULL, &answer, err);
    if (status != 0) {
        rb_free(answer.body);
        return status;
    }
    *ret_log = (struct rb_client_log){
        .text = answer.body, .size = answer.size, .log_size = answer.log_size};
    memcpy(ret_log->state, answer.state, sizeof(ret_log->state));
    return 0;
}

static void rested(void *context)
{
    rb_loop_stop(context);
}

void rb_client_rest(struct rb_client *client)
{
    struct rb_timer *timer = rb_timer_new(client->loop, rested, client->loop);
    rb_timer_start(timer, REST_MS, 0);
    rb_loop_run(client->loop);
    rb_timer_free(timer);
}

void rb_client_print(const json_t *answer)
{
    RB_CLEANUP_FREE char *text = rb_json_pretty(answer);
    puts(text);
}

char *rb_client_encode(const char *name)
{
    struct rb_strbuf out = RB_STRBUF_INIT(ENCODED_MAXIMUM);
    for (; *name != '\0'; name++) {
        if (isalnum((unsigned char)*name) || strchr("-._~/", *name) != NULL)
            rb_strbuf_putc(&out, *name);
        else
            rb_strbuf_printf(&out, "%%%02X", (unsigned)(unsigned char)*name);
    }
    return rb_strbuf_steal(&out);
}

int rb_client_show(const struct rb_command *command, const struct rb_client_options *asked,
                   const char *path, void (*print)(const json_t *answer))
{
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked->socket_path);
    RB_CLEANUP_JSON json_t *answer = NULL;
    struct rb_err err;
    if (rb_client_get(client, path, &answer, &err) != 0)
        return rb_command_fail(command, &err);
    if (asked->json)
        rb_client_print(answer);
    else
        print(answer);
    return RB_EXIT_OK;
}

int rb_client_order(const struct rb_command *command, const struct rb_client_options *asked,
                    const char *path, json_t *body, const char *done)
{
    RB_CLEANUP_JSON json_t *owned = body;
    RB_CLEANUP_JSON json_t *answer = NULL;
    RB_CLEANUP(rb_client_cleanup) struct rb_client *client = rb_client_new(asked->socket_path);
    struct rb_err err;
    if (rb_client_post(client, path, owned, &answer, &err) != 0)
        return rb_command_fail(command, &err);
    if (asked->json)
        rb_client_print(answer);
    else
        puts(done);
    return RB_EXIT_OK;
}
