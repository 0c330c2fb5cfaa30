/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: rules read from a file (rebake-policy(5)) with all that it extends, and decisions made
 * by them. A decision runs the rules' jq in the calling process, without bounds on its time and
 * memory: only the policy server's worker, `rebake policy test|eval` and `rebake simulate` do that,
 * processes of their own. docs/reference/policy.md describes input, answer and how rules are read.
 */
#ifndef REBAKE_POLICY_POLICY_H
#define REBAKE_POLICY_POLICY_H

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/diagnostic.h"

struct rb_policy;

enum {
    RB_POLICY_FILES_MAXIMUM = 8,   /* of one policy: itself, and what it extends, and so on */
    RB_POLICY_RULES_MAXIMUM = 1000 /* of all of these */
};

/* Reads a policy file, the files beside it that it extends, and compiles their jq. RB_EINVALID when
   something is wrong in one of them: it is in diagnostics (initialised empty, freed by the caller).
   *ret is the caller's. */
RB_NODISCARD int rb_policy_read(const char *path, struct rb_policy **ret,
                                struct rb_diagnostics *diagnostics, struct rb_err *err);
/* The same from memory; what it extends is sought beside name. */
RB_NODISCARD int rb_policy_parse(const char *data, size_t size, const char *name,
                                 struct rb_policy **ret, struct rb_diagnostics *diagnostics,
                                 struct rb_err *err);
/* One that comes with the program. RB_ENOTFOUND for another name. */
RB_NODISCARD int rb_policy_builtin(const char *name, struct rb_policy **ret, struct rb_err *err);
void rb_policy_free(struct rb_policy *policy); /* NULL is allowed */
void rb_policy_cleanup(struct rb_policy **policy);

/* The names of those that come with the program, NULL-terminated; and the text of one, or NULL. */
extern const char *const rb_policy_builtin_names[];
const char *rb_policy_builtin_text(const char *name);

const char *rb_policy_name(const struct rb_policy *policy);
size_t rb_policy_rule_count(const struct rb_policy *policy);
/* In the order in which they are read: the file's own, then those of what it extends. */
const char *rb_policy_rule_name(const struct rb_policy *policy, size_t index);

/* From now on `where`, of `size` bytes, has the name of the rule whose jq runs, "" while none does:
   for who watches from another process. NULL: nobody does. */
void rb_policy_note_rules(struct rb_policy *policy, char *where, size_t size);

/* Decides on an input (docs/reference/policy-input.schema.json). *ret_result is the caller's, a
   result with "decision", "rule", "rules" (all that matched) and what else the rules set.
   RB_EINVALID when the input is none, or when a rule's jq fails or gives something else than true,
   false or null: err names the rule, and there is no answer. */
RB_NODISCARD int rb_policy_decide(struct rb_policy *policy, const json_t *input,
                                  json_t **ret_result, struct rb_err *err);

#endif
