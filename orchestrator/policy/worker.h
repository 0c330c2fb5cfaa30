/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's side of its worker, the process that evaluates policies. Questions are answered in
 * order. A question that takes too long, or that ends the worker, gets an error that names the rule
 * that was being evaluated; the worker is killed, a new one started, and the other questions are
 * asked of that.
 */
#ifndef ORCHESTRATOR_POLICY_WORKER_H
#define ORCHESTRATOR_POLICY_WORKER_H

#include <stdint.h>
#include <sys/queue.h>

#include "opa.h"
#include "rebake/loop/loop.h"

struct worker;

/* One question, of whoever asks: it must stay where it is until done is called, once, never from
   within worker_ask. The reply is handed over. */
struct worker_question {
    struct opa_question asked;
    void (*done)(struct worker_question *question, struct opa_reply *reply);
    /* the worker's own */
    TAILQ_ENTRY(worker_question) link;
    uint64_t number;
};

/* How policies are evaluated. The worker has them from the server, as they are when it is forked.
 */
struct worker_policies {
    opa_decide *decide;                                          /* in the worker */
    void (*note_rules)(void *context, char *where, size_t size); /* likewise; may be NULL */
    void *context;
};

struct worker_options {
    struct rb_loop *loop;
    int64_t timeout_ms; /* of the processor, for one question; four times as long by the clock */
    size_t memory_bytes;
    struct worker_policies policies;
    /* The worker ended by a question (rule: which was evaluated, "" if none is known) or by itself;
       a new one is started. May be NULL. */
    void (*died)(void *context, const char *rule, const struct rb_err *cause);
    void *context;
};

RB_NODISCARD int worker_new(const struct worker_options *options, struct worker **ret_worker,
                            struct rb_err *err);
/* Answers all that is left with an error. NULL is allowed. */
void worker_free(struct worker *worker);

void worker_ask(struct worker *worker, struct worker_question *question);

/* From the next question that is not under way yet, by a new process. The old policies' context is
   not used by this process; the worker that has a copy of it ends. */
void worker_use(struct worker *worker, const struct worker_policies *policies);

/* Does a process run that is confined and reads questions? */
bool worker_is_ready(const struct worker *worker);
/* Of the process that runs now; 0: none does. */
int worker_pid(const struct worker *worker);

#endif
