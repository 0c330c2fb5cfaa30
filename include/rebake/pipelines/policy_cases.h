/* SPDX-License-Identifier: Apache-2.0 */
/* Cases that a policy is tried with (`rebake policy test`): YAML to inputs and wanted answers. */
#ifndef REBAKE_PIPELINES_POLICY_CASES_H
#define REBAKE_PIPELINES_POLICY_CASES_H

#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/diagnostic.h"

struct rb_policy_case {
    const char *name;
    struct rb_place place;
    json_t *input;  /* as it stands in the file: an object */
    json_t *wanted; /* members that the answer must have; null: must not have */
};

struct rb_policy_cases {
    const char *file;
    const char *policy; /* a built-in policy's name, or a path from the folder of this file */
    const struct rb_policy_case *items;
    size_t count;
};

/* As rb_pipeline_read does. *ret_cases and all that it holds is the caller's, to be freed with
   rb_policy_cases_free. */
RB_NODISCARD int rb_policy_cases_read(const char *path, struct rb_policy_cases **ret_cases,
                                      struct rb_diagnostics *diagnostics, struct rb_err *err);
void rb_policy_cases_free(struct rb_policy_cases *cases); /* NULL is allowed */

#endif
