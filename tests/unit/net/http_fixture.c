/* SPDX-License-Identifier: Apache-2.0 */
#include "http_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/memory.h"

static void set_header(struct server_reply *reply, size_t index, const char *header)
{
    reply->headers[index] = header;
}

static void answer_refusal(const char *path, struct server_reply *reply)
{
    static const char OCI[] =
        "{\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"slow \\u001bdown\"}]}";
    static const char OAUTH[] = "{\"error\":\"denied\",\"error_description\":\"not yours\"}";
    reply->status = (unsigned)(path[1] - '0') * 100 + (unsigned)(path[2] - '0') * 10 +
                    (unsigned)(path[3] - '0');
    if (strstr(path, "/oci") != NULL) {
        reply->body = OCI;
        reply->body_size = sizeof(OCI) - 1;
    } else if (strstr(path, "/oauth") != NULL) {
        reply->body = OAUTH;
        reply->body_size = sizeof(OAUTH) - 1;
    } else if (strstr(path, "/plain") != NULL) {
        reply->body = "no such thing\nsecond line";
        reply->body_size = strlen(reply->body);
        set_header(reply, 0, "Content-Type: text/plain");
    } else if (strstr(path, "/html") != NULL) {
        reply->body = "<html>";
        reply->body_size = 6;
    }
    if (strstr(path, "/wait") != NULL)
        set_header(reply, 0, "Retry-After: 7");
}

void http_answer(void *context, const struct server_request *request, struct server_reply *reply)
{
    struct fixture *fixture = context;
    fixture->requests++;
    (void)snprintf(fixture->last_authorization, sizeof(fixture->last_authorization), "%s",
                   request->authorization != NULL ? request->authorization : "");
    (void)snprintf(fixture->last_request, sizeof(fixture->last_request), "%s %s %s",
                   request->method, request->path, request->body);
    if (strcmp(request->path, "/hello") == 0) {
        reply->body = "hello";
        reply->body_size = 5;
        set_header(reply, 0, "X-Twice: first");
        set_header(reply, 1, "x-tWICE: second");
    } else if (strcmp(request->path, "/big") == 0) {
        reply->body = fixture->big;
        reply->body_size = fixture->big_size;
    } else if (strcmp(request->path, "/away") == 0) {
        reply->status = 302;
        set_header(reply, 0, fixture->redirect_to);
    } else if (request->path[1] >= '4' && request->path[1] <= '5') {
        answer_refusal(request->path, reply);
    } else {
        reply->status = 404;
    }
}

int http_setup(void **state)
{
    static char big[4 << 20];
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    for (size_t i = 0; i < sizeof(big); i++)
        big[i] = (char)(i % 251);
    fixture->big = big;
    fixture->big_size = sizeof(big);
    fixture->loop = rb_loop_new();
    fixture->http = rb_http_new(fixture->loop);
    fixture->server = server_start(http_answer, fixture);
    *state = fixture;
    return 0;
}

int http_teardown(void **state)
{
    struct fixture *fixture = *state;
    rb_http_free(fixture->http);
    rb_loop_free(fixture->loop);
    server_stop(fixture->server);
    rb_free(fixture);
    return 0;
}

void http_keep(void *context, const struct rb_http_response *response, const struct rb_err *error)
{
    struct outcome *outcome = context;
    struct rb_err refused = {0};
    const char *twice = rb_http_header(response, "X-TWICE");
    outcome->calls++;
    if (error != NULL)
        outcome->err = *error;
    outcome->status = response->status;
    outcome->body_size = response->body_size;
    (void)snprintf(outcome->body, sizeof(outcome->body), "%s", response->body);
    (void)snprintf(outcome->header, sizeof(outcome->header), "%s", twice != NULL ? twice : "");
    (void)snprintf(outcome->url, sizeof(outcome->url), "%s", response->url);
    outcome->retry_after_ms = response->retry_after_ms;
    outcome->limit = response->limit;
    outcome->sent_bytes = response->sent_bytes;
    outcome->received_bytes = response->received_bytes;
    outcome->message_code = rb_http_status_error(response, "the thing", &refused);
    (void)snprintf(outcome->message, sizeof(outcome->message), "%.255s", refused.text);
}

struct outcome http_send(struct fixture *fixture, int port, const char *path,
                         struct rb_http_request request)
{
    struct outcome outcome = {0};
    RB_CLEANUP_FREE char *url = rb_asprintf("http://127.0.0.1:%d%s", port, path);
    request.url = url;
    rb_http_send(fixture->http, &request, http_keep, &outcome, NULL);
    assert_int_equal(outcome.calls, 0);
    rb_loop_run(fixture->loop);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

struct outcome http_get(struct fixture *fixture, const char *path, struct rb_http_request request)
{
    return http_send(fixture, server_port(fixture->server), path, request);
}
