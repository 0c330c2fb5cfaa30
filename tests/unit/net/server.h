/* SPDX-License-Identifier: Apache-2.0 */
/* Real servers on 127.0.0.1 inside the test process, each in a thread of its own. */
#ifndef REBAKE_TESTS_NET_SERVER_H
#define REBAKE_TESTS_NET_SERVER_H

#include <stddef.h>

struct server_request {
    const char *method;
    const char *path;
    const char *query;         /* all of it as sent, "" if none */
    const char *authorization; /* or NULL */
    const char *accept;        /* or NULL */
    const char *body;
    size_t body_size;
};

struct server_reply {
    unsigned status;
    const char *headers[8]; /* "Name: value" */
    const void *body;       /* must outlive the server */
    size_t body_size;
};

/* Called in the server's thread, one call at a time. */
typedef void server_answer(void *context, const struct server_request *request,
                           struct server_reply *reply);

struct server *server_start(server_answer *answer, void *context); /* libmicrohttpd */
/* As server_start, listening on a socket in the file system. */
struct server *server_start_unix(const char *path, server_answer *answer, void *context);
int server_port(const struct server *server);
int server_connections(struct server *server); /* accepted since the start */
void server_stop(struct server *server);

/* A server that answers every connection with the same bytes once it has read the request's
   headers, and then closes it (or, with hold, waits until the client goes). */
struct canned;
struct canned *canned_start(const void *bytes, size_t size, int hold);
int canned_port(const struct canned *canned);
void canned_stop(struct canned *canned);

/* A listening socket that nobody ever reads: returns its descriptor. */
int silent_open(int *ret_port);
/* A port on which nothing listens. */
int closed_port(void);

#endif
