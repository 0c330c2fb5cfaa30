/* SPDX-License-Identifier: Apache-2.0 */
#include "hook_connection.h"

#include <sys/socket.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"

struct hook_connection {
    struct hook_connection *next;
    struct hook_connection **at; /* what points to this one */
    int fd;
    int64_t since_ms;
};

void hook_connection_opened(struct hook_connections *connections, struct MHD_Connection *connection,
                            void **socket_context)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct hook_connection *opened = rb_zalloc(sizeof(*opened));
    opened->fd = info->connect_fd;
    opened->since_ms = rb_clock_monotonic_ms();
    opened->next = connections->first;
    opened->at = &connections->first;
    if (opened->next != NULL)
        opened->next->at = &opened->next;
    connections->first = opened;
    *socket_context = opened;
}

void hook_connection_closed(void **socket_context)
{
    struct hook_connection *closed = *socket_context;
    if (closed == NULL)
        return;
    *closed->at = closed->next;
    if (closed->next != NULL)
        closed->next->at = closed->at;
    rb_free(closed);
    *socket_context = NULL;
}

void hook_connection_rests(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct hook_connection *rests = info == NULL ? NULL : info->socket_context;
    if (rests != NULL)
        rests->since_ms = rb_clock_monotonic_ms();
}

void hook_connections_shut_slow(const struct hook_connections *connections, int64_t limit_ms)
{
    int64_t now_ms = rb_clock_monotonic_ms();
    for (struct hook_connection *at = connections->first; at != NULL; at = at->next) {
        if (now_ms - at->since_ms > limit_ms)
            (void)shutdown(at->fd, SHUT_RDWR);
    }
}
