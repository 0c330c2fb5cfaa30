/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OPA's data API (https://www.openpolicyagent.org/docs/rest-api), as far as it asks for documents:
 * what a request asks, and what the reply says. There is one document, data.rebake.decision; asking
 * for one above it gives it inside of objects, for one below it a part of it. Knows no HTTP and no
 * policy.
 */
#ifndef ORCHESTRATOR_POLICY_OPA_H
#define ORCHESTRATOR_POLICY_OPA_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/json.h"

enum opa_flag {
    OPA_BARE_INPUT = 1,  /* the body is the input itself, not {"input": …} */
    OPA_BARE_RESULT = 2, /* the reply is the document itself, not {"result": …} */
    OPA_PRETTY = 4
};

enum { OPA_DECISION_ID_SIZE = 37 };

struct opa_question {
    unsigned flags;       /* enum opa_flag */
    const char *document; /* its path below data: "rebake/decision" */
    const char *body;     /* size bytes */
    size_t body_size;     /* 0: there is no input */
};

/* What goes back; the text is the holder's to free. */
struct opa_reply {
    int status;
    char *text;
    size_t size;
};

/* Evaluates the policy. RB_ENOTFOUND: no policy answers this input, the decision is undefined. */
typedef int opa_decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err);

/* Where a path of a request is one of the data API, what it asks for; borrowed from the path. */
bool opa_path(const char *path, const char **ret_document, unsigned *ret_flags);

/* Answers a question, with 200, 400, 404 or 500. decision_id: OPA_DECISION_ID_SIZE bytes. */
void opa_answer(const struct opa_question *question, const char *decision_id, opa_decide *decide,
                void *context, struct opa_reply *ret_reply);

/* A name for an answer: a version 4 UUID (RFC 9562) of 16 random bytes. */
void opa_decision_id(const unsigned char *random, char *out);

/* {"code","message"}, and where there is a cause, "errors" with it. */
void opa_refuse(int status, const char *code, const char *message, const char *cause_code,
                const char *cause, struct opa_reply *ret_reply);
/* 500: the evaluation of the policy failed. code is OPA's for how, "eval_cancel_error". */
void opa_refuse_evaluation(const char *code, const char *cause, struct opa_reply *ret_reply);

#endif
