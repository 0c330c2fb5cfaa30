/* SPDX-License-Identifier: Apache-2.0 */
#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

struct server {
    struct MHD_Daemon *daemon;
    pthread_mutex_t mutex;
    server_answer *answer;
    void *context;
    int connections;
};

/* What is kept between the calls for one request. */
struct exchange {
    struct rb_strbuf body;
};

static enum MHD_Result send_reply(struct MHD_Connection *connection,
                                  const struct server_reply *reply)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(
        reply->body_size, (void *)(uintptr_t)reply->body, MHD_RESPMEM_PERSISTENT);
    for (size_t i = 0; i < RB_COUNT_OF(reply->headers) && reply->headers[i] != NULL; i++) {
        RB_CLEANUP_FREE char *name = rb_strdup(reply->headers[i]);
        char *colon = strstr(name, ": ");
        RB_ASSERT(colon != NULL);
        *colon = '\0';
        RB_ASSERT(MHD_add_response_header(response, name, colon + 2) == MHD_YES);
    }
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind, const char *key,
                                    const char *value)
{
    struct rb_strbuf *query = context;
    (void)kind;
    rb_strbuf_printf(query, "%s%s=%s", query->size > 0 ? "&" : "", key, value ? value : "");
    return MHD_YES;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **request_context)
{
    struct server *server = context;
    struct exchange *exchange = *request_context;
    (void)version;
    if (exchange == NULL) {
        exchange = rb_zalloc(sizeof(*exchange));
        exchange->body = RB_STRBUF_INIT(1 << 20);
        *request_context = exchange;
        return MHD_YES;
    }
    if (*size > 0) {
        rb_strbuf_append(&exchange->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf query = RB_STRBUF_INIT(1 << 16);
    MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_argument, &query);
    struct server_request request = {
        .method = method,
        .path = url,
        .query = rb_strbuf_text(&query),
        .authorization = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization"),
        .accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept"),
        .body = rb_strbuf_text(&exchange->body),
        .body_size = exchange->body.size,
    };
    struct server_reply reply = {.status = 200, .body = ""};
    pthread_mutex_lock(&server->mutex);
    server->answer(server->context, &request, &reply);
    pthread_mutex_unlock(&server->mutex);
    return send_reply(connection, &reply);
}

static void on_request_done(void *context, struct MHD_Connection *connection,
                            void **request_context, enum MHD_RequestTerminationCode code)
{
    struct exchange *exchange = *request_context;
    (void)context;
    (void)connection;
    (void)code;
    if (exchange != NULL) {
        rb_strbuf_deinit(&exchange->body);
        rb_free(exchange);
    }
}

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct server *server = context;
    (void)connection;
    (void)socket_context;
    if (code != MHD_CONNECTION_NOTIFY_STARTED)
        return;
    pthread_mutex_lock(&server->mutex);
    server->connections++;
    pthread_mutex_unlock(&server->mutex);
}

static int listen_on(const struct sockaddr *address, socklen_t size)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    RB_ASSERT(fd >= 0 && bind(fd, address, size) == 0 && listen(fd, 16) == 0);
    return fd;
}

static int listen_on_loopback(int *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = listen_on((struct sockaddr *)&address, size);
    RB_ASSERT(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    *ret_port = ntohs(address.sin_port);
    return fd;
}

static struct server *start_on(int fd, server_answer *answer, void *context)
{
    struct server *server = rb_zalloc(sizeof(*server));
    RB_ASSERT(pthread_mutex_init(&server->mutex, NULL) == 0);
    server->answer = answer;
    server->context = context;
    server->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server,
                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_NOTIFY_COMPLETED, on_request_done,
                         NULL, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
    RB_ASSERT(server->daemon != NULL);
    return server;
}

struct server *server_start(server_answer *answer, void *context)
{
    int port;
    return start_on(listen_on_loopback(&port), answer, context);
}

struct server *server_start_unix(const char *path, server_answer *answer, void *context)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    RB_ASSERT(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    return start_on(listen_on((struct sockaddr *)&address, sizeof(address)), answer, context);
}

int server_port(const struct server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    struct sockaddr_in address;
    socklen_t size = sizeof(address);
    RB_ASSERT(getsockname(info->listen_fd, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

int server_connections(struct server *server)
{
    pthread_mutex_lock(&server->mutex);
    int connections = server->connections;
    pthread_mutex_unlock(&server->mutex);
    return connections;
}

void server_stop(struct server *server)
{
    MHD_stop_daemon(server->daemon);
    pthread_mutex_destroy(&server->mutex);
    rb_free(server);
}

struct canned {
    int fd;
    int port;
    int stop[2];
    const char *bytes;
    size_t size;
    int hold;
    pthread_t thread;
};

/* Reads up to the blank line, however it comes in pieces. */
static void read_headers(int fd)
{
    char text[16384];
    size_t size = 0;
    while (size < sizeof(text)) {
        ssize_t got = read(fd, text + size, sizeof(text) - size);
        if (got <= 0)
            return;
        size += (size_t)got;
        if (memmem(text, size, "\r\n\r\n", 4) != NULL)
            return;
    }
}

static void serve(const struct canned *canned, int fd)
{
    struct pollfd ends[2] = {{.fd = fd, .events = POLLIN},
                             {.fd = canned->stop[0], .events = POLLIN}};
    read_headers(fd);
    for (size_t sent = 0; sent < canned->size;) {
        ssize_t wrote = send(fd, canned->bytes + sent, canned->size - sent, MSG_NOSIGNAL);
        if (wrote <= 0)
            break;
        sent += (size_t)wrote;
    }
    if (canned->hold)
        (void)poll(ends, 2, -1);
    (void)close(fd);
}

static void *run_canned(void *context)
{
    const struct canned *canned = context;
    struct pollfd ends[2] = {{.fd = canned->fd, .events = POLLIN},
                             {.fd = canned->stop[0], .events = POLLIN}};
    while (poll(ends, 2, -1) > 0 && ends[1].revents == 0) {
        int fd = accept4(canned->fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            serve(canned, fd);
    }
    return NULL;
}

struct canned *canned_start(const void *bytes, size_t size, int hold)
{
    struct canned *canned = rb_zalloc(sizeof(*canned));
    canned->fd = listen_on_loopback(&canned->port);
    canned->bytes = bytes;
    canned->size = size;
    canned->hold = hold;
    RB_ASSERT(pipe2(canned->stop, O_CLOEXEC) == 0);
    RB_ASSERT(pthread_create(&canned->thread, NULL, run_canned, canned) == 0);
    return canned;
}

int canned_port(const struct canned *canned)
{
    return canned->port;
}

void canned_stop(struct canned *canned)
{
    (void)close(canned->stop[1]);
    RB_ASSERT(pthread_join(canned->thread, NULL) == 0);
    (void)close(canned->stop[0]);
    (void)close(canned->fd);
    rb_free(canned);
}

int silent_open(int *ret_port)
{
    return listen_on_loopback(ret_port);
}

int closed_port(void)
{
    int port;
    (void)close(listen_on_loopback(&port));
    return port;
}
