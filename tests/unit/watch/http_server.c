/* SPDX-License-Identifier: Apache-2.0 */
#include "http_server.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { BODY_MAXIMUM = 1 << 20, SILENT_MAXIMUM = 16 };

struct test_server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t mutex; /* held while a handler runs */
    test_handler *handler;
    void *context;
    int requests;
    int connections;
    struct MHD_Connection *silent[SILENT_MAXIMUM];
    size_t silent_count;
};

struct exchange {
    struct rb_strbuf body;
    bool told_to_wait;
};

struct cut_body {
    char *data;
    size_t size;
};

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static ssize_t read_cut(void *context, uint64_t position, char *out, size_t maximum)
{
    const struct cut_body *body = context;
    if (position >= body->size)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t size = body->size - (size_t)position;
    size = size < maximum ? size : maximum;
    memcpy(out, body->data + position, size);
    return (ssize_t)size;
}

static void free_cut(void *context)
{
    struct cut_body *body = context;
    rb_free(body->data);
    rb_free(body);
}

static struct MHD_Response *make_response(struct test_answer *answer)
{
    if (answer->cut_at == 0 || answer->cut_at >= answer->body_size)
        return MHD_create_response_from_buffer(answer->body_size, answer->body,
                                               MHD_RESPMEM_MUST_FREE);
    struct cut_body *cut = rb_zalloc(sizeof(*cut));
    *cut = (struct cut_body){.data = answer->body, .size = answer->cut_at};
    return MHD_create_response_from_callback(answer->body_size, 4096, read_cut, cut, free_cut);
}

static enum MHD_Result send_answer(struct MHD_Connection *connection, struct test_answer *answer)
{
    struct MHD_Response *response = make_response(answer);
    for (size_t i = 0; i < RB_COUNT_OF(answer->headers) && answer->headers[i][0][0] != '\0'; i++)
        (void)MHD_add_response_header(response, answer->headers[i][0], answer->headers[i][1]);
    enum MHD_Result result = MHD_queue_response(connection, (unsigned int)answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static void keep_silent(struct test_server *server, struct MHD_Connection *connection,
                        struct exchange *exchange, struct test_answer *answer)
{
    rb_free(rb_steal(&answer->body));
    RB_ASSERT(server->silent_count < SILENT_MAXIMUM);
    server->silent[server->silent_count++] = connection;
    exchange->told_to_wait = true;
    MHD_suspend_connection(connection);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **state)
{
    struct test_server *server = context;
    struct exchange *exchange = *state;
    (void)version;
    if (exchange == NULL) {
        exchange = *state = rb_zalloc(sizeof(*exchange));
        exchange->body = RB_STRBUF_INIT(BODY_MAXIMUM);
        return MHD_YES;
    }
    if (exchange->told_to_wait)
        return MHD_NO;
    if (*size > 0) {
        bool fits = rb_strbuf_append(&exchange->body, data, *size);
        *size = 0;
        return fits ? MHD_YES : MHD_NO;
    }
    struct test_answer answer = {.status = 200};
    struct test_request request = {
        .method = method,
        .path = url,
        .query = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "service"),
        .authorization = header_of(connection, "Authorization"),
        .if_none_match = header_of(connection, "If-None-Match"),
        .if_modified_since = header_of(connection, "If-Modified-Since"),
        .git_protocol = header_of(connection, "Git-Protocol"),
        .body = rb_strbuf_text(&exchange->body),
        .body_size = exchange->body.size,
    };
    (void)pthread_mutex_lock(&server->mutex);
    server->handler(server->context, &request, &answer);
    server->requests++;
    if (answer.silent)
        keep_silent(server, connection, exchange, &answer);
    (void)pthread_mutex_unlock(&server->mutex);
    return answer.silent ? MHD_YES : send_answer(connection, &answer);
}

static void on_ended(void *context, struct MHD_Connection *connection, void **state,
                     enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *state;
    (void)context;
    (void)connection;
    (void)code;
    if (exchange == NULL)
        return;
    rb_strbuf_deinit(&exchange->body);
    rb_free(exchange);
    *state = NULL;
}

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct test_server *server = context;
    (void)connection;
    (void)state;
    (void)pthread_mutex_lock(&server->mutex);
    server->connections += code == MHD_CONNECTION_NOTIFY_STARTED;
    (void)pthread_mutex_unlock(&server->mutex);
}

struct test_server *test_server_start(test_handler *handler, void *context)
{
    struct test_server *server = rb_zalloc(sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)pthread_mutex_init(&server->mutex, NULL);
    server->handler = handler;
    server->context = context;
    server->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL,
        on_request, server, MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_NOTIFY_COMPLETED, on_ended,
        NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    RB_ASSERT(server->daemon != NULL);
    return server;
}

void test_server_sync(struct test_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
    (void)pthread_mutex_unlock(&server->mutex);
}

int test_server_requests(struct test_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
    int requests = server->requests;
    (void)pthread_mutex_unlock(&server->mutex);
    return requests;
}

/* A connection that was left in silence is taken up again, so that it can be closed. */
void test_server_stop(struct test_server *server)
{
    int listener = MHD_quiesce_daemon(server->daemon);
    test_server_sync(server);
    for (size_t i = 0; i < server->silent_count; i++)
        MHD_resume_connection(server->silent[i]);
    MHD_stop_daemon(server->daemon);
    if (listener >= 0)
        (void)close(listener);
    (void)pthread_mutex_destroy(&server->mutex);
    rb_free(server);
}

int test_server_connections(struct test_server *server)
{
    (void)pthread_mutex_lock(&server->mutex);
    int connections = server->connections;
    (void)pthread_mutex_unlock(&server->mutex);
    return connections;
}

int test_server_port(const struct test_server *server)
{
    return MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
}

void test_answer_header(struct test_answer *answer, const char *name, const char *value)
{
    for (size_t i = 0; i < RB_COUNT_OF(answer->headers); i++) {
        if (answer->headers[i][0][0] != '\0')
            continue;
        (void)snprintf(answer->headers[i][0], sizeof(answer->headers[i][0]), "%s", name);
        (void)snprintf(answer->headers[i][1], sizeof(answer->headers[i][1]), "%s", value);
        return;
    }
    RB_ASSERT(false && "room for one more header");
}
