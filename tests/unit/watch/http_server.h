/* SPDX-License-Identifier: Apache-2.0 */
/* A small HTTP server on 127.0.0.1 for tests, in a thread of its own: real sockets, and the faults
   that real servers have. */
#ifndef REBAKE_TEST_HTTP_SERVER_H
#define REBAKE_TEST_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

struct test_request {
    const char *method;
    const char *path;          /* without the query */
    const char *query;         /* of the parameter "service", or NULL */
    const char *authorization; /* the headers of these names, or NULL */
    const char *if_none_match;
    const char *if_modified_since;
    const char *git_protocol;
    const char *body;
    size_t body_size;
};

struct test_answer {
    int status; /* 200 at first */
    char *body; /* taken and freed by the server; NULL: empty */
    size_t body_size;
    size_t cut_at;           /* ends the connection after so many bytes of the body; 0: never */
    bool silent;             /* no answer ever comes */
    char headers[4][2][128]; /* name and value; an empty name ends them */
};

/* server thread */
typedef void test_handler(void *context, const struct test_request *request,
                          struct test_answer *answer);

struct test_server;
struct test_server *test_server_start(test_handler *handler, void *context);
void test_server_stop(struct test_server *server);
/* What the test wrote before is seen by the handler after, and the other way: to be called between
   writing to what a handler reads and asking, and between the answer and reading what it wrote. */
void test_server_sync(struct test_server *server);
int test_server_requests(struct test_server *server); /* handled so far: at any time */
int test_server_port(const struct test_server *server);
int test_server_connections(struct test_server *server); /* accepted since the start */

void test_answer_header(struct test_answer *answer, const char *name, const char *value);

#endif
