/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the policy file, against which its schema and manual are checked. */
#ifndef PIPELINES_POLICY_PARTS_H
#define PIPELINES_POLICY_PARTS_H

#include "decode.h"
#include "rebake/pipelines/policy_file.h"

extern const struct rb_field rb_policy_fields[];
extern const struct rb_field rb_policy_window_fields[];
extern const struct rb_field rb_policy_rule_fields[];
extern const struct rb_field rb_policy_waiver_fields[];

struct rb_policy_windows {
    const struct rb_policy_window *items;
    size_t count;
};

/* policy_rule.c: items is the mapping of names to rules, or NULL. */
const struct rb_policy_rule *rb_policy_rules_read(const struct rb_decode *decode,
                                                  const struct rb_node *items,
                                                  const struct rb_policy_windows *windows,
                                                  size_t *ret_count);

#endif
