/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connections of webhooks, and how long each has been owing a request: libmicrohttpd closes one
 * on which nothing comes, not one on which a byte comes now and then.
 */
#ifndef REBAKE_API_HOOK_CONNECTION_H
#define REBAKE_API_HOOK_CONNECTION_H

#include <microhttpd.h>
#include <stdint.h>

struct hook_connection;

struct hook_connections {
    struct hook_connection *first;
};

/* For MHD_OPTION_NOTIFY_CONNECTION, with its socket_context. */
void hook_connection_opened(struct hook_connections *connections, struct MHD_Connection *connection,
                            void **socket_context);
void hook_connection_closed(void **socket_context);
/* A request has ended. */
void hook_connection_rests(struct MHD_Connection *connection);

/* Shuts those that have been owing a request, since they connected or had their last answer, for
   longer than limit_ms: libmicrohttpd then closes them. */
void hook_connections_shut_slow(const struct hook_connections *connections, int64_t limit_ms);

#endif
