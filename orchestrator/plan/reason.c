/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plan_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

const char *rb_plan_reason_kind_name(enum rb_plan_reason_kind kind)
{
    static const char *const NAMES[] = {"recipe", "base", "code", "package", "advisory", "manual"};
    _Static_assert(RB_COUNT_OF(NAMES) == RB_REASON_KIND_COUNT, "a name for each kind");
    RB_ASSERT(kind < RB_REASON_KIND_COUNT);
    return NAMES[kind];
}

static bool request_stands(const struct rb_plan_image *image)
{
    return image->last_request_who != NULL &&
           (image->last == RB_LAST_TRANSIENT || image->last == RB_LAST_FAILED);
}

bool plan_is_requested(const struct rb_plan_image *image)
{
    return image->request_who != NULL || request_stands(image);
}

static void add_reason(struct plan_reasons *reasons, enum rb_plan_reason_kind kind,
                       const char *subject, const char *from, const char *to, int64_t version_id)
{
    reasons->items[reasons->count++] =
        (struct rb_plan_reason){.kind = kind,
                                .subject = subject == NULL ? "" : subject,
                                .from = from == NULL ? "" : from,
                                .to = to == NULL ? "" : to,
                                .version_id = version_id};
}

/* An input that nobody has seen yet is no reason; one that no artifact was built from is. */
static void add_if_changed(struct plan_reasons *reasons, enum rb_plan_reason_kind kind,
                           const char *subject, const char *built, const char *now,
                           int64_t version_id)
{
    if (now != NULL && !rb_text_equal(built, now))
        add_reason(reasons, kind, subject, built, now, version_id);
}

static void add_request(struct plan_reasons *reasons, const struct rb_plan_image *image)
{
    if (image->request_who != NULL)
        add_reason(reasons, RB_REASON_MANUAL, image->request_who, NULL, image->request_why, 0);
    else if (request_stands(image))
        add_reason(reasons, RB_REASON_MANUAL, image->last_request_who, NULL,
                   image->last_request_why, 0);
}

static int compare_reasons(const struct rb_plan_reason *a, const struct rb_plan_reason *b)
{
    return a->kind != b->kind ? (a->kind < b->kind ? -1 : 1) : strcmp(a->subject, b->subject);
}

/* Both lists are in the same order, so one walk along both does. A subject may stand in a list more
   than once (a package of two architectures), with versions of its own. */
static size_t count_remaining(const struct plan_reasons *reasons, const struct rb_plan_image *image)
{
    const struct rb_plan_reason *left = image->last_remaining;
    const struct rb_plan_reason *end = left + image->last_remaining_count;
    size_t count = 0;
    for (size_t i = 0; i < reasons->count; i++) {
        const struct rb_plan_reason *reason = &reasons->items[i];
        while (left < end && compare_reasons(left, reason) < 0)
            left++;
        for (const struct rb_plan_reason *same = left;
             same < end && compare_reasons(same, reason) == 0; same++) {
            if (strcmp(same->to, reason->to) == 0) {
                count++;
                break;
            }
        }
    }
    return count;
}

void plan_find_reasons(const struct rb_plan_image *image, const char *base_digest,
                       struct rb_arena *arena, struct plan_reasons *ret_reasons)
{
    static const struct rb_plan_inputs NOTHING = {0};
    const struct rb_plan_inputs *built = image->artifact_digest == NULL ? &NOTHING : &image->built;
    struct plan_reasons reasons = {0};
    struct rb_plan_reason first[RB_REASON_KIND_COUNT];
    reasons.items = first;
    add_if_changed(&reasons, RB_REASON_RECIPE, image->name, built->recipe, image->now.recipe, 0);
    add_if_changed(&reasons, RB_REASON_BASE, image->base_name, built->base_digest, base_digest,
                   image->base == RB_PLAN_NO_BASE ? image->base_version_id : 0);
    add_if_changed(&reasons, RB_REASON_CODE, image->code_name, built->tree, image->now.tree,
                   image->code_version_id);
    size_t most = reasons.count + image->update_count + plan_is_requested(image);
    if (most == 0) { /* the usual case: nothing to keep */
        *ret_reasons = (struct plan_reasons){0};
        return;
    }
    reasons.items = rb_arena_array(arena, most, sizeof(*reasons.items));
    memcpy(reasons.items, first, reasons.count * sizeof(*first));
    for (size_t i = 0; i < image->update_count; i++) {
        const struct rb_plan_update *update = &image->updates[i];
        add_reason(&reasons, image->updates_are_fixes ? RB_REASON_ADVISORY : RB_REASON_PACKAGE,
                   update->package, update->from, update->to, update->version_id);
    }
    add_request(&reasons, image);
    reasons.remaining_count = count_remaining(&reasons, image);
    *ret_reasons = reasons;
}
