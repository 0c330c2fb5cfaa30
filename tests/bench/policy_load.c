/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_load.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"

enum { EVENTS = 64, ANSWER_MAXIMUM = 16 * 1024 };

struct connection {
    int fd;
    size_t got;
    char answer[ANSWER_MAXIMUM];
};

struct running {
    char **requests;
    size_t request_count, next;
    int64_t answers;
};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "policy_load: %s\n", what);
    exit(1);
}

/* A request is far smaller than what a socket takes at once. */
static void send_next(struct running *running, struct connection *connection)
{
    const char *request = running->requests[running->next];
    running->next = running->next + 1 == running->request_count ? 0 : running->next + 1;
    size_t size = strlen(request);
    connection->got = 0;
    if (send(connection->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        give_up("a request cannot be sent");
}

/* Every answer ends with the only newline of its body. */
static void receive(struct running *running, struct connection *connection)
{
    size_t room = sizeof(connection->answer) - 1 - connection->got;
    ssize_t got = recv(connection->fd, connection->answer + connection->got, room, 0);
    if (got <= 0)
        give_up("a connection ended");
    connection->got += (size_t)got;
    connection->answer[connection->got] = '\0';
    if (connection->got < 2 || memcmp(connection->answer + connection->got - 2, "}\n", 2) != 0)
        return;
    if (strncmp(connection->answer, "HTTP/1.1 200 ", 13) != 0 ||
        strstr(connection->answer, "\"decision\":\"") == NULL)
        give_up(connection->answer);
    running->answers++;
    send_next(running, connection);
}

static void open_connection(const struct policy_load *load, int epoll_fd,
                            struct connection *connection)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", load->socket_path);
    connection->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        epoll_ctl(epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0)
        give_up("the server cannot be reached");
}

static char *make_request(const char *body)
{
    return rb_asprintf("POST /v1/data/rebake/decision HTTP/1.1\r\nHost: localhost\r\n"
                       "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                       strlen(body), body);
}

int64_t policy_load_run(const struct policy_load *load)
{
    struct running running = {.request_count = load->body_count};
    struct connection *all = rb_calloc((size_t)load->connections, sizeof(*all));
    struct epoll_event events[EVENTS];
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    running.requests = rb_calloc(load->body_count, sizeof(char *));
    for (size_t i = 0; i < load->body_count; i++)
        running.requests[i] = make_request(load->bodies[i]);
    for (int i = 0; i < load->connections; i++) {
        open_connection(load, epoll_fd, &all[i]);
        send_next(&running, &all[i]);
    }
    int64_t end_ms = rb_clock_monotonic_ms() + load->duration_ms;
    while (rb_clock_monotonic_ms() < end_ms) {
        int count = epoll_wait(epoll_fd, events, EVENTS, 100);
        for (int i = 0; i < count; i++)
            receive(&running, events[i].data.ptr);
    }
    for (int i = 0; i < load->connections; i++)
        (void)close(all[i].fd);
    (void)close(epoll_fd);
    for (size_t i = 0; i < load->body_count; i++)
        rb_free(running.requests[i]);
    rb_free(running.requests);
    rb_free(all);
    return running.answers;
}
