/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listening socket that libmicrohttpd serves on our loop, in its external mode: it keeps its
 * sockets in an epoll set of its own, and we watch that set and the time until which it may wait.
 *
 *   the set is readable, or the time has come ──▶ MHD_run ──▶ the handler, for each request
 *      ▲                                             ▲                    │
 *      └── the timer is set anew ◀── another? no ────┴──── yes ◀── turn_ended
 */
#ifndef REBAKE_SERVE_LISTENER_H
#define REBAKE_SERVE_LISTENER_H

#include <microhttpd.h>
#include <stdbool.h>

#include "rebake/base/err.h"
#include "rebake/loop/loop.h"

struct rb_listener;

struct rb_listener_options {
    struct rb_loop *loop;
    int fd;           /* listens; the listener closes it, unless it does not start */
    const char *name; /* for messages */
    unsigned connections_maximum;
    unsigned idle_seconds;             /* a connection on which nothing comes is closed */
    unsigned flags;                    /* enum MHD_FLAG, beside MHD_USE_EPOLL */
    const struct MHD_OptionItem *more; /* further options, to MHD_OPTION_END; or NULL */
    MHD_AcceptPolicyCallback admit;    /* NULL: everybody */
    MHD_AccessHandlerCallback handle;
    MHD_RequestCompletedCallback ended; /* of a request, however it ended */
    bool (*turn_ended)(void *context);  /* true: another is wanted; NULL: none ever is */
    void *context;                      /* given to them all */
};

RB_NODISCARD int rb_listener_start(const struct rb_listener_options *options,
                                   struct rb_listener **ret_listener, struct rb_err *err);
/* A connection was resumed from elsewhere than a turn: there is to be one soon. */
void rb_listener_wake(struct rb_listener *listener);
/* Closes socket and connections; no callback comes any more. NULL is allowed. */
void rb_listener_stop(struct rb_listener *listener);

#endif
