/* SPDX-License-Identifier: Apache-2.0 */
/* The rules' jq, compiled to one program: libjq compiles its own library with each, which takes
   tens of milliseconds. */
#ifndef ORCHESTRATOR_POLICY_JQ_RULES_H
#define ORCHESTRATOR_POLICY_JQ_RULES_H

#include <jv.h>

#include "rebake/base/json.h"
#include "rebake/pipelines/policy_file.h"

struct jq_rules;

/* Compiles the `when` of each rule; what does not compile is in diagnostics, and the answer is
 * NULL. */
struct jq_rules *jq_rules_new(const struct rb_policy_rule *const *rules, size_t count,
                              struct rb_diagnostics *diagnostics);
void jq_rules_free(struct jq_rules *rules); /* NULL is allowed */

jv jq_value_of(const json_t *json); /* the caller frees it */

/* Does the rule with this index match the input? The input stays the caller's. RB_EINVALID, without
   the rule's name, when its jq fails or gives something else than true, false or null. */
RB_NODISCARD int jq_rules_match(struct jq_rules *rules, size_t index, jv input, bool *ret_matches,
                                struct rb_err *err);

#endif
