/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy server says with another status than 200. */
#ifndef ORCHESTRATOR_POLICY_REFUSAL_H
#define ORCHESTRATOR_POLICY_REFUSAL_H

#include <stdbool.h>

#include "rebake/base/err.h"
#include "rebake/net/http.h"

/* Fills err (RB_EHTTP, RB_EAUTH, RB_EBUSY; never 0) from the answer. *ret_speaks: it is an error as
   OPA shapes them, {"code","message","errors"}: the server is up, and cannot answer this. */
int refusal_read(const struct rb_http_response *response, bool *ret_speaks, struct rb_err *err);

#endif
