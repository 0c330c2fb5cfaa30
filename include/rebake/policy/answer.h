/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy server answered, read strictly: a word that is not known, a member of another type
 * or a number out of its bounds makes it no answer, so that a slip of a policy never lets anything
 * through. Members that are not known are ignored. docs/reference/policy-server.md says what each
 * member means.
 */
#ifndef REBAKE_POLICY_ANSWER_H
#define REBAKE_POLICY_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"

enum rb_policy_word { RB_POLICY_ALLOW, RB_POLICY_HOLD, RB_POLICY_REFUSE };

enum {
    RB_POLICY_NAME_MAXIMUM = 255,    /* bytes of a rule's name, and of other names */
    RB_POLICY_REASON_MAXIMUM = 1023, /* of the reason */
    RB_POLICY_PRIORITY_DEFAULT = 50,
    RB_POLICY_PRIORITY_MAXIMUM = 100
};

struct rb_policy_answer {
    enum rb_policy_word word;
    const char *rule;      /* which decided; NULL where the server names none */
    const char *reason;    /* one line for people, safe to show; NULL likewise */
    const char *waits_for; /* "time", "approval", "test" or "settled"; NULL: not said */
    int64_t until_at;      /* hold until then; 0: not said */
    int64_t deadline_at;   /* by when it is to be done; 0: none */
    int priority;          /* 0 .. RB_POLICY_PRIORITY_MAXIMUM */
    bool urgent, bisect, supersede_cancel;
    int approvals_wanted, approvals_given;
    const char *budget_name; /* NULL: no budget */
    int64_t budget_ms_a_day;
    const char *concurrency_name; /* NULL: no bound */
    int concurrency_most;
    const char *decision_id; /* the server's own name of this answer; NULL: none */
    const json_t *json;      /* the whole result; lives as long as the response */
};

/* "allow", "hold", "refuse". */
const char *rb_policy_word_name(enum rb_policy_word word);

/* Reads {"result": {"decision": …}}, the body that a server sends with 200. The texts are the
   arena's. RB_ENOTFOUND where there is no result: the server has no such document, or its policy
   says nothing of this input. RB_EINVALID for all else that is no answer. */
RB_NODISCARD int rb_policy_answer_read(const json_t *response, struct rb_arena *arena,
                                       struct rb_policy_answer *ret, struct rb_err *err);

#endif
