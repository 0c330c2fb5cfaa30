/* SPDX-License-Identifier: Apache-2.0 */
/* A loop, an HTTP client and a registry client that belong together: what a job or a command-line
   verb needs to talk to the network, blocking, in a process of its own. */
#ifndef REBAKE_NET_SESSION_H
#define REBAKE_NET_SESSION_H

#include "rebake/loop/loop.h"
#include "rebake/net/http.h"
#include "rebake/net/registry.h"

struct rb_net_session {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_registry *registry;
};

void rb_net_session_init(struct rb_net_session *session);
void rb_net_session_deinit(struct rb_net_session *session); /* usable with RB_CLEANUP */

#endif
