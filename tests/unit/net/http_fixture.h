/* SPDX-License-Identifier: Apache-2.0 */
/* A client, a server to talk to, and what one transfer came to. */
#ifndef REBAKE_TESTS_NET_HTTP_FIXTURE_H
#define REBAKE_TESTS_NET_HTTP_FIXTURE_H

#include "rebake/net/http.h"
#include "server.h"

struct fixture {
    struct rb_loop *loop;
    struct rb_http *http;
    struct server *server;
    char last_authorization[200];
    char last_request[200];
    char redirect_to[200];
    int requests;
    const char *big;
    size_t big_size;
};

/* What one transfer came to. */
struct outcome {
    int calls;
    struct rb_err err; /* code 0: answered */
    int status;
    char body[256];
    size_t body_size;
    char header[64]; /* X-Twice */
    char message[256];
    int message_code;
    int64_t retry_after_ms, sent_bytes, received_bytes;
    struct rb_http_limit limit;
    char url[200];
};

int http_setup(void **state);
int http_teardown(void **state);

/* The server's answers: /hello, /big, /away (a redirect to redirect_to), /NNN/... (a refusal with
   status NNN, its words by what else is in the path), 404 for the rest. */
void http_answer(void *context, const struct server_request *request, struct server_reply *reply);

void http_keep(void *context, const struct rb_http_response *response, const struct rb_err *error);
/* Sends and runs the loop until nothing is left on it. */
struct outcome http_send(struct fixture *fixture, int port, const char *path,
                         struct rb_http_request request);
struct outcome http_get(struct fixture *fixture, const char *path, struct rb_http_request request);

#endif
