/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded policy server, for the daemon: it starts `rebake policy serve` as a process of its
 * own, asks it whether it is well, and starts it again when it ended or hangs. Who wants a decision
 * asks by client.h, as any other server. It ends with the daemon, however that ends.
 */
#ifndef REBAKE_POLICY_SERVER_H
#define REBAKE_POLICY_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "rebake/base/err.h"
#include "rebake/loop/loop.h"
#include "rebake/net/http.h"

struct rb_policy_server;

struct rb_policy_server_options {
    struct rb_loop *loop;
    struct rb_http *http;
    const char *program;         /* `rebake` */
    const char *socket_path;     /* where it is to listen */
    const char *const *policies; /* "[PIPELINE=]FILE" or "[PIPELINE=]builtin:NAME"; NULL at the
                                    end; at least one */
    int64_t timeout_ms;          /* for one decision; 0: the program's own default */
    int64_t check_ms;            /* between two questions whether it is well; 0: 5 s */
    /* It answers from now on, or again, or has read its files again (or has tried to): what it was
       asked may be asked once more. May be NULL. */
    void (*ready)(void *context);
    /* It ended, or was ended since it hangs; it is started again in wait_ms. May be NULL. */
    void (*failed)(void *context, const struct rb_err *error, int64_t wait_ms);
    void *context;
};

/* All that options name is copied. What comes of it is told by ready and failed. */
struct rb_policy_server *rb_policy_server_start(const struct rb_policy_server_options *options);

/* These policies from now on, and their files as they are now: the same ones are read again by the
   process that runs (what is broken is logged by it, and the old ones stay), others by a new one.
   Until ready is called it may still answer by the old ones. */
void rb_policy_server_use(struct rb_policy_server *server, const char *const *policies);

/* True once it has answered, until it fails or is to read its files again. */
bool rb_policy_server_is_ready(const struct rb_policy_server *server);
pid_t rb_policy_server_pid(const struct rb_policy_server *server); /* 0: none runs */

/* Nothing is told any more. The process is ended; rb_loop_free waits for that. NULL is allowed. */
void rb_policy_server_stop(struct rb_policy_server *server);

#endif
