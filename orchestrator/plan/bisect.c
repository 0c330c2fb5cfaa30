/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the inputs that have changed broke the build. Base and code can be put back, each by a
 * trial of its own; a recipe's past is not kept, and what a repository had is not offered any more.
 */
#include "plan_parts.h"
#include "rebake/base/text.h"

static enum rb_plan_trial trial_of(const struct rb_plan_image *image, enum rb_plan_reason_kind kind)
{
    return kind == RB_REASON_BASE ? image->base_trial : image->code_trial;
}

static bool can_be_put_back(const struct rb_plan_reason *reason)
{
    return (reason->kind == RB_REASON_BASE || reason->kind == RB_REASON_CODE) &&
           *reason->from != '\0';
}

/* Packages of one repository count together. */
static size_t count_changes(const struct rb_plan_decision *decision,
                            const struct rb_plan_reason **ret_last)
{
    size_t count = 0;
    for (size_t i = 0; i < decision->reason_count; i++) {
        const struct rb_plan_reason *reason = &decision->reasons[i];
        bool is_same = i > 0 && reason->kind == decision->reasons[i - 1].kind;
        if (reason->kind == RB_REASON_MANUAL || is_same)
            continue;
        *ret_last = reason;
        count++;
    }
    return count;
}

static const char *blame(const struct rb_plan_reason *reason, const char *how,
                         struct rb_arena *arena)
{
    return rb_arena_printf(arena, "; %s %s %s", rb_plan_reason_kind_name(reason->kind),
                           reason->subject, how);
}

const char *plan_find_culprit(const struct rb_plan_image *image,
                              const struct rb_plan_decision *decision, struct rb_arena *arena,
                              const struct rb_plan_reason **ret_trial)
{
    const struct rb_plan_reason *only = NULL;
    const struct rb_plan_verdict *verdict = image->verdict;
    bool may_try =
        verdict != NULL && verdict->bisect && rb_text_equal(verdict->key, decision->input_key);
    *ret_trial = NULL;
    if (image->artifact_digest == NULL)
        return "";
    size_t count = count_changes(decision, &only);
    if (count == 1)
        return blame(only, "alone has changed since the last good build", arena);
    size_t tried = 0;
    for (size_t i = 0; may_try && i < decision->reason_count; i++) {
        const struct rb_plan_reason *reason = &decision->reasons[i];
        if (!can_be_put_back(reason))
            continue;
        enum rb_plan_trial trial = trial_of(image, reason->kind);
        if (trial == RB_TRIAL_GOOD)
            return blame(reason, "breaks it: put back, it builds", arena);
        if (trial == RB_TRIAL_NONE && *ret_trial == NULL)
            *ret_trial = reason;
        tried += trial == RB_TRIAL_BAD;
    }
    return tried > 0 && *ret_trial == NULL ? "; none of its inputs put back alone makes it build"
                                           : "";
}
