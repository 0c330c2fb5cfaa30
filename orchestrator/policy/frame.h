/* SPDX-License-Identifier: Apache-2.0 */
/* What goes between the policy server and its worker: both are the same program on one machine, so
   that the heads are C. The server believes nothing that a worker sends. */
#ifndef ORCHESTRATOR_POLICY_FRAME_H
#define ORCHESTRATOR_POLICY_FRAME_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    FRAME_BODY_MAXIMUM = 4 << 20,  /* bytes of a question's body */
    FRAME_REPLY_MAXIMUM = 1 << 20, /* of a reply: what rb_policy_client reads */
    FRAME_DOCUMENT_MAXIMUM = 4096, /* of the path that is asked for */
    FRAME_RULE_SIZE = 256
};

/* Followed by the document's path, a NUL, and the body. */
struct frame_question {
    uint64_t number;
    uint32_t flags; /* enum opa_flag */
    uint32_t document_size;
    uint32_t body_size;
    uint32_t unused;
};

/* Followed by the text. The first that a worker sends has number 0 and no text: it is confined, and
   ready. */
struct frame_reply {
    uint64_t number;
    uint32_t status;
    uint32_t size;
};

/* In memory that both see: what the worker is at. */
struct frame_shared {
    _Atomic uint64_t number; /* of the question; 0: at none */
    char rule[FRAME_RULE_SIZE];
};

#endif
