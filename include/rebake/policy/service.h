/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy server itself, for the process that is one: OPA's data API over HTTP in front of
 * policies that a confined worker evaluates (docs/reference/policy-server.md).
 */
#ifndef REBAKE_POLICY_SERVICE_H
#define REBAKE_POLICY_SERVICE_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/base/strbuf.h"
#include "rebake/loop/loop.h"

struct rb_policy_service;

enum {
    /* For one decision. The client asks six at a time and waits for two seconds: should all of them
       run away, the last still hears of it. */
    RB_POLICY_TIMEOUT_MS = 250,
    RB_POLICY_MEMORY_BYTES = 256 << 20, /* for the worker, beside what the policies take */
    RB_POLICY_MEMORY_MINIMUM = 16 << 20
};

struct rb_policy_service_options {
    struct rb_loop *loop;
    const char *socket_path;     /* made with mode 0600; NULL: none */
    const char *address;         /* "127.0.0.1:8181"; NULL: none. One of the two is wanted */
    const char *const *policies; /* "[PIPELINE=]FILE" or "[PIPELINE=]builtin:NAME", NULL-terminated.
                                    One without a pipeline is for all that have none of their own */
    int64_t timeout_ms;          /* of the processor, for one decision; four times as long by the
                                    clock. 0: RB_POLICY_TIMEOUT_MS */
    size_t memory_bytes;         /* 0: RB_POLICY_MEMORY_BYTES */
    /* The worker ended, by a rule (of that name) or by itself (""), and is started again. */
    void (*died)(void *context, const char *rule, const struct rb_err *cause);
    void *context;
};

/* The options' texts must stay. What is wrong with a policy's file is written to diagnostics. */
RB_NODISCARD int rb_policy_service_start(const struct rb_policy_service_options *options,
                                         struct rb_policy_service **ret_service,
                                         struct rb_strbuf *diagnostics, struct rb_err *err);
/* Reads all policies again; where one is broken, all that there are stay. */
RB_NODISCARD int rb_policy_service_reload(struct rb_policy_service *service,
                                          struct rb_strbuf *diagnostics, struct rb_err *err);
void rb_policy_service_stop(struct rb_policy_service *service); /* NULL is allowed */

#endif
