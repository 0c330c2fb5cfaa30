/* SPDX-License-Identifier: Apache-2.0 */
/* The policy server's HTTP: who asks is told what the worker answers. */
#ifndef ORCHESTRATOR_POLICY_FRONT_H
#define ORCHESTRATOR_POLICY_FRONT_H

#include "rebake/loop/loop.h"
#include "worker.h"

struct front;

struct front_options {
    struct rb_loop *loop;
    int fd;           /* listens; the front closes it, unless it does not start */
    const char *name; /* of it, for messages */
    struct worker *worker;
    const unsigned *reads; /* how often the policies were read; NULL: once. Stays */
};

/* Of the answer about its health: that number. */
#define FRONT_READS_HEADER "Rebake-Policy-Reads"

RB_NODISCARD int front_start(const struct front_options *options, struct front **ret_front,
                             struct rb_err *err);
/* The worker must have been freed before: then every question has its answer. NULL is allowed. */
void front_stop(struct front *front);

#endif
