/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the rules' side of this room share. */
#ifndef ORCHESTRATOR_POLICY_POLICY_PARTS_H
#define ORCHESTRATOR_POLICY_POLICY_PARTS_H

#include "jq_rules.h"
#include "rebake/policy/calendar.h"
#include "rebake/policy/policy.h"

struct policy_rule {
    const struct rb_policy_rule *model;
    struct rb_calendar *during; /* NULL: at any time */
    struct rb_calendar *outside;
};

struct rb_policy {
    struct rb_policy_file *files[RB_POLICY_FILES_MAXIMUM]; /* itself, then what it extends */
    size_t file_count;
    struct policy_rule *rules;            /* of all files, in their order */
    const struct rb_policy_rule **models; /* the same */
    size_t rule_count;
    struct rb_policy_sla sla; /* of the first file that says each */
    struct jq_rules *jq;
    char *current; /* where the name of the rule that runs is noted, or NULL */
    size_t current_size;
};

/* waive.c: a copy of the input without the advisories that waivers in force take out of it, or NULL
   where there are none. waived gets their names. */
json_t *policy_waive(const struct rb_policy *policy, const json_t *input, int64_t now_at,
                     json_t *waived);

/* deadline.c: by when the advisories of the input are to be gone; 0: no limit. */
int64_t policy_deadline(const struct rb_policy *policy, const json_t *input, int64_t now_at);
/* Of each advisory that is open: {"DSA-1": "2026-…"}; those without one are left out. */
json_t *policy_deadlines(const struct rb_policy *policy, const json_t *input, int64_t now_at);

/* result.c */
struct policy_outcome {
    int64_t now_at;
    const struct policy_rule *decided; /* NULL: no rule did */
    int64_t until_at;                  /* of a hold */
    int64_t deadline_at;
    json_t *deadlines; /* of an exposure; NULL: of anything else */
    json_t *how;       /* what the matching rules set */
    json_t *matched;   /* their names */
    json_t *waived;    /* names of advisories */
};
json_t *policy_result(const struct policy_outcome *outcome, const json_t *input);
/* Adds what the rule sets where nothing is set yet. */
void policy_set_how(json_t *how, const struct rb_policy_how *set, const json_t *input,
                    int64_t now_at);
/* How many of the input's approvals count for it, each person once. */
int policy_approvals_given(const struct rb_policy_until *until, const json_t *input,
                           int64_t now_at);

#endif
