/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* Members by their names: what is added to a struct is added here once. */
#define DIFFERS(member)                                                                            \
    do {                                                                                           \
        if (a->member != b->member)                                                                \
            return #member;                                                                        \
    } while (0)
#define TEXT_DIFFERS(member)                                                                       \
    do {                                                                                           \
        if (!rb_text_equal(a->member, b->member))                                                  \
            return #member;                                                                        \
    } while (0)
#define COPY_TEXT(member) ret_copy->member = rb_arena_strdup(arena, image->member)

static const char *compare_reasons(const struct rb_plan_reason *left,
                                   const struct rb_plan_reason *right, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rb_plan_reason *a = &left[i], *b = &right[i];
        DIFFERS(kind);
        DIFFERS(version_id);
        TEXT_DIFFERS(subject);
        TEXT_DIFFERS(from);
        TEXT_DIFFERS(to);
    }
    return NULL;
}

const char *compare_decisions(const struct rb_plan_decision *a, const struct rb_plan_decision *b)
{
    DIFFERS(state);
    DIFFERS(reason_count);
    TEXT_DIFFERS(cause);
    TEXT_DIFFERS(waits_for);
    DIFFERS(wake_at);
    DIFFERS(ask);
    DIFFERS(replace);
    TEXT_DIFFERS(give_up);
    DIFFERS(build);
    DIFFERS(attempt);
    TEXT_DIFFERS(base_digest);
    TEXT_DIFFERS(input_key);
    return compare_reasons(a->reasons, b->reasons, a->reason_count);
}

static const char *compare_verdicts(const struct rb_plan_verdict *a,
                                    const struct rb_plan_verdict *b)
{
    if (a == NULL || b == NULL)
        return a == b ? NULL : "verdict";
    DIFFERS(word);
    TEXT_DIFFERS(key);
    TEXT_DIFFERS(cause);
    TEXT_DIFFERS(waits_for);
    DIFFERS(until_at);
    DIFFERS(urgent);
    DIFFERS(replaces_running);
    DIFFERS(bisect);
    return NULL;
}

static const char *compare_updates(const struct rb_plan_update *left,
                                   const struct rb_plan_update *right, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct rb_plan_update *a = &left[i], *b = &right[i];
        TEXT_DIFFERS(package);
        TEXT_DIFFERS(from);
        TEXT_DIFFERS(to);
        DIFFERS(version_id);
    }
    return NULL;
}

static const char *compare_inputs(const struct rb_plan_inputs *a, const struct rb_plan_inputs *b)
{
    TEXT_DIFFERS(recipe);
    TEXT_DIFFERS(base_digest);
    TEXT_DIFFERS(tree);
    return NULL;
}

static const char *compare_words(const struct rb_plan_image *a, const struct rb_plan_image *b)
{
    TEXT_DIFFERS(last_request_who);
    TEXT_DIFFERS(last_request_why);
    TEXT_DIFFERS(request_who);
    TEXT_DIFFERS(request_why);
    TEXT_DIFFERS(paused_by);
    DIFFERS(ask_policy);
    return compare_verdicts(a->verdict, b->verdict);
}

static const char *compare_records(const struct rb_plan_image *a, const struct rb_plan_image *b)
{
    DIFFERS(open_build);
    DIFFERS(open_running);
    TEXT_DIFFERS(open_key);
    DIFFERS(open_requested);
    DIFFERS(given_up);
    DIFFERS(last);
    TEXT_DIFFERS(last_key);
    DIFFERS(last_finished_at);
    DIFFERS(last_attempt);
    DIFFERS(base_trial);
    DIFFERS(code_trial);
    DIFFERS(last_remaining_count);
    DIFFERS(settle_ms);
    DIFFERS(at_most_ms);
    DIFFERS(retry_unresolved_ms);
    DIFFERS(changed_at);
    DIFFERS(settling_since);
    return compare_reasons(a->last_remaining, b->last_remaining, a->last_remaining_count);
}

const char *compare_images(const struct rb_plan_image *a, const struct rb_plan_image *b)
{
    const char *found;
    DIFFERS(base);
    TEXT_DIFFERS(base_name);
    TEXT_DIFFERS(code_name);
    DIFFERS(base_version_id);
    DIFFERS(code_version_id);
    TEXT_DIFFERS(missing);
    TEXT_DIFFERS(artifact_digest);
    DIFFERS(update_count);
    DIFFERS(updates_are_fixes);
    if ((found = compare_inputs(&a->now, &b->now)) != NULL ||
        (found = compare_inputs(&a->built, &b->built)) != NULL ||
        (found = compare_updates(a->updates, b->updates, a->update_count)) != NULL ||
        (found = compare_records(a, b)) != NULL)
        return found;
    return compare_words(a, b);
}

static void copy_inputs(struct rb_plan_inputs *inputs, struct rb_arena *arena)
{
    inputs->recipe = rb_arena_strdup(arena, inputs->recipe);
    inputs->base_digest = rb_arena_strdup(arena, inputs->base_digest);
    inputs->tree = rb_arena_strdup(arena, inputs->tree);
}

static void copy_lists(const struct rb_plan_image *image, struct rb_arena *arena,
                       struct rb_plan_image *ret_copy)
{
    struct rb_plan_update *updates = rb_arena_array(arena, image->update_count, sizeof(*updates));
    struct rb_plan_reason *remaining =
        rb_arena_array(arena, image->last_remaining_count, sizeof(*remaining));
    for (size_t i = 0; i < image->update_count; i++) {
        updates[i] = image->updates[i];
        updates[i].package = rb_arena_strdup(arena, updates[i].package);
        updates[i].from = rb_arena_strdup(arena, updates[i].from);
        updates[i].to = rb_arena_strdup(arena, updates[i].to);
    }
    for (size_t i = 0; i < image->last_remaining_count; i++) {
        remaining[i] = image->last_remaining[i];
        remaining[i].subject = rb_arena_strdup(arena, remaining[i].subject);
        remaining[i].from = rb_arena_strdup(arena, remaining[i].from);
        remaining[i].to = rb_arena_strdup(arena, remaining[i].to);
    }
    ret_copy->updates = updates;
    ret_copy->last_remaining = remaining;
}

void copy_image(const struct rb_plan_image *image, struct rb_arena *arena,
                struct rb_plan_image *ret_copy)
{
    *ret_copy = *image;
    copy_inputs(&ret_copy->now, arena);
    copy_inputs(&ret_copy->built, arena);
    copy_lists(image, arena, ret_copy);
    COPY_TEXT(base_name);
    COPY_TEXT(code_name);
    COPY_TEXT(missing);
    COPY_TEXT(artifact_digest);
    COPY_TEXT(last_key);
    COPY_TEXT(last_request_who);
    COPY_TEXT(last_request_why);
    COPY_TEXT(request_who);
    COPY_TEXT(request_why);
    COPY_TEXT(paused_by);
    if (image->verdict == NULL)
        return;
    struct rb_plan_verdict *verdict = rb_arena_alloc(arena, sizeof(*verdict));
    *verdict = *image->verdict;
    verdict->key = rb_arena_strdup(arena, verdict->key);
    verdict->cause = rb_arena_strdup(arena, verdict->cause);
    verdict->waits_for = rb_arena_strdup(arena, verdict->waits_for);
    ret_copy->verdict = verdict;
}
