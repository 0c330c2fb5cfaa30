/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of one server, by the pipeline that they are for. */
#ifndef ORCHESTRATOR_POLICY_POLICIES_H
#define ORCHESTRATOR_POLICY_POLICIES_H

#include "rebake/base/json.h"
#include "rebake/base/strbuf.h"

struct policies;

/* names: "[PIPELINE=]FILE" or "[PIPELINE=]builtin:NAME", NULL-terminated. RB_EINVALID, with what is
   wrong in diagnostics, when one cannot be read, or two are for the same pipeline. */
RB_NODISCARD int policies_read(const char *const *names, struct policies **ret_policies,
                               struct rb_strbuf *diagnostics, struct rb_err *err);
void policies_free(struct policies *policies); /* NULL is allowed */

/* An opa_decide, with policies as its context: by the policy for input.pipeline, or else the one
   without a pipeline. RB_ENOTFOUND when there is neither. */
int policies_decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err);
/* For worker_policies, likewise. */
void policies_note_rules(void *context, char *where, size_t size);

#endif
