/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_load.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"

enum { EVENTS = 64, REQUEST_MAXIMUM = 4096, ANSWER_MAXIMUM = 4096, MAC_SIZE = 32, FILLING = 600 };

struct connection {
    int fd; /* -1: closed */
    int64_t number;
    int64_t sent_us;
    size_t got;
    char answer[ANSWER_MAXIMUM];
};

struct running {
    const struct hook_load *load;
    int epoll_fd;
    int64_t next_number;
    int64_t answers;
    int open;
};

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t make_request(const struct hook_load *load, int64_t number, char *out)
{
    static const char filling[FILLING + 1] = {[0 ... FILLING - 1] = 'x'};
    unsigned char mac[MAC_SIZE];
    char hex[2 * MAC_SIZE + 1], body[REQUEST_MAXIMUM / 2];
    int size = snprintf(body, sizeof(body),
                        "{\"ref\":\"refs/heads/main\",\"after\":\"%040lld\",\"repository\":"
                        "{\"full_name\":\"shop/code\",\"clone_url\":\"%s\"},\"message\":\"%s\"}",
                        (long long)number, load->repository, filling);
    RB_ASSERT(size > 0 && (size_t)size < sizeof(body));
    RB_ASSERT(HMAC(EVP_sha256(), load->secret, (int)strlen(load->secret), (unsigned char *)body,
                   (size_t)size, mac, NULL) != NULL);
    for (size_t i = 0; i < MAC_SIZE; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", mac[i]);
    int total = snprintf(out, REQUEST_MAXIMUM,
                         "POST %s HTTP/1.1\r\nHost: localhost\r\nX-GitHub-Event: push\r\n"
                         "X-GitHub-Delivery: load-%lld\r\nX-Hub-Signature-256: sha256=%s\r\n"
                         "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
                         load->path, (long long)number, hex, size, body);
    RB_ASSERT(total > 0 && total < REQUEST_MAXIMUM);
    return (size_t)total;
}

static void shut(struct running *running, struct connection *connection)
{
    (void)close(connection->fd);
    connection->fd = -1;
    running->open--;
}

/* A request is far smaller than what a socket takes at once. */
static void send_next(struct running *running, struct connection *connection)
{
    char request[REQUEST_MAXIMUM];
    connection->number = running->next_number++;
    size_t size = make_request(running->load, connection->number, request);
    connection->got = 0;
    connection->sent_us = now_us();
    if (send(connection->fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
        shut(running, connection);
}

static void receive(struct running *running, struct connection *connection)
{
    size_t room = sizeof(connection->answer) - 1 - connection->got;
    ssize_t got = recv(connection->fd, connection->answer + connection->got, room, 0);
    if (got <= 0) {
        shut(running, connection);
        return;
    }
    connection->got += (size_t)got;
    connection->answer[connection->got] = '\0';
    if (strstr(connection->answer, "}\n") == NULL) /* every answer ends so */
        return;
    const char *space = strchr(connection->answer, ' ');
    int status = space == NULL ? 0 : (int)strtol(space, NULL, 10);
    running->answers++;
    running->load->answered(running->load->context, connection->number, status,
                            now_us() - connection->sent_us);
    send_next(running, connection);
}

static bool open_connection(struct running *running, struct connection *connection)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)running->load->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    running->open++;
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
        epoll_ctl(running->epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) == 0)
        return true;
    shut(running, connection);
    return false;
}

int64_t hook_load_run(const struct hook_load *load)
{
    struct running running = {.load = load, .next_number = load->first_number};
    struct connection *all = rb_calloc((size_t)load->connections, sizeof(*all));
    struct epoll_event events[EVENTS];
    int64_t end_ms = rb_clock_monotonic_ms() + load->duration_ms;
    running.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < load->connections; i++) {
        if (open_connection(&running, &all[i]))
            send_next(&running, &all[i]);
    }
    while (running.open > 0 && rb_clock_monotonic_ms() < end_ms) {
        int count = epoll_wait(running.epoll_fd, events, EVENTS, 100);
        for (int i = 0; i < count; i++)
            receive(&running, events[i].data.ptr);
    }
    for (int i = 0; i < load->connections; i++) {
        if (all[i].fd >= 0)
            (void)close(all[i].fd);
    }
    (void)close(running.epoll_fd);
    rb_free(all);
    return running.answers;
}
