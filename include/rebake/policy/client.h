/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks policy servers (OPA's data API; the embedded one speaks it too) for decisions. Several
 * servers are tried in their order, each within its time; one that fails again and again is left
 * alone for a while (breaker.h). No answer is an error, for whoever asks to hold what it asked for.
 */
#ifndef REBAKE_POLICY_CLIENT_H
#define REBAKE_POLICY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/json.h"
#include "rebake/loop/loop.h"
#include "rebake/net/http.h"
#include "rebake/policy/answer.h"

struct rb_policy_client;
struct rb_policy_question;

enum { RB_POLICY_ENDPOINTS_MAXIMUM = 16 };

struct rb_policy_client_options {
    /* NULL-terminated, at least one: "http://…" or "https://…", the address of the decision's
       document ("https://opa.example.com/v1/data/rebake/decision"), or the path of a unix socket
       ("/run/rebake/policy.sock"), where it is /v1/data/rebake/decision. */
    const char *const *endpoints;
    const char *bearer; /* token for each of them; NULL: none */
    int64_t timeout_ms; /* for each endpoint that is tried; 0: 2 s */
    int failures;       /* in a row, and an endpoint is left alone; 0: 3 */
    int64_t rest_ms;    /* for so long at first, twice as long each time, up to 16 times; 0: 5 s */
    /* An endpoint is left alone from now on (with what it failed by), or answers again (NULL). May
       be NULL. */
    void (*changed)(void *context, const char *endpoint, const struct rb_err *error);
    void *context;
};

/* What is wrong with an endpoint's text: RB_EINVALID. */
RB_NODISCARD int rb_policy_endpoint_check(const char *endpoint, struct rb_err *err);

/* The options are copied; each endpoint must hold rb_policy_endpoint_check. */
struct rb_policy_client *rb_policy_client_new(struct rb_loop *loop, struct rb_http *http,
                                              const struct rb_policy_client_options *options);
/* Every question must have ended or been cancelled. NULL is allowed. */
void rb_policy_client_free(struct rb_policy_client *client);

/* answer is NULL where nobody gave one; error then says what came of the first endpoint and of the
   last. Both are borrowed for the call. */
typedef void rb_policy_cb(void *context, const struct rb_policy_answer *answer,
                          const struct rb_err *error);

/* Asks for the decision on an input; done is called once, later. ret may be NULL. At most six
   questions are under way with one endpoint at a time, the others wait their turn, and no time
   counts for them until then. */
void rb_policy_ask(struct rb_policy_client *client, const json_t *input, rb_policy_cb *done,
                   void *context, struct rb_policy_question **ret);
void rb_policy_question_cancel(struct rb_policy_question *question); /* done will not come */

/* All endpoints are asked again, those too that are left alone: one is known to be back. */
void rb_policy_client_retry(struct rb_policy_client *client);

/* How each endpoint does: [{"endpoint","state": "up"|"resting"|"probing","until","failures",
   "error"}]; until is when it is tried again. now_at: the time now. */
json_t *rb_policy_client_json(const struct rb_policy_client *client, int64_t now_at);

#endif
