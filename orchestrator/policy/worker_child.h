/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker's own side: it reads questions, evaluates the policy for each and writes the replies,
 * in order, until its socket ends. It can open nothing, reach nobody and change no file; its memory
 * and its processor time for one question are bounded.
 */
#ifndef ORCHESTRATOR_POLICY_WORKER_CHILD_H
#define ORCHESTRATOR_POLICY_WORKER_CHILD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "frame.h"
#include "opa.h"

struct worker_child {
    pid_t parent;
    int fd; /* its socket */
    struct frame_shared *shared;
    size_t memory_bytes;  /* that it may take beyond what it began with */
    int64_t processor_ms; /* that one question may use: a stop of its own, should nobody watch */
    opa_decide *decide;   /* in this process */
    void *context;
    /* Says where the name of each rule is to be written before it is evaluated; may be NULL. */
    void (*note_rules)(void *context, char *where, size_t size);
};

/* In a process that was forked from a server with one thread. */
_Noreturn void worker_child_run(const struct worker_child *options);

/* Confines the running process for good: no descriptor can be opened any more, no program run, no
   file changed; what stays open is fd and standard error. Returns the number that fd has now, or an
   error. */
RB_NODISCARD int worker_child_confine(int fd, size_t memory_bytes, struct rb_err *err);

#endif
