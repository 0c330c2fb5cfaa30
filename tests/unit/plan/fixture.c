/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

const char TRIED[] = "tried";

void resolve_keys(struct rb_plan_image *images, size_t count, struct rb_arena *arena)
{
    struct rb_plan plan;
    struct rb_plan_snapshot snapshot = {NOW, images, count};
    rb_plan_make(&snapshot, arena, &plan);
    for (size_t i = 0; i < count; i++) {
        const char *key = plan.decisions[i].input_key;
        if (images[i].last_key == TRIED)
            images[i].last_key = key;
        if (images[i].open_key == TRIED)
            images[i].open_key = key;
        if (images[i].verdict == NULL || images[i].verdict->key != TRIED)
            continue;
        struct rb_plan_verdict *verdict = rb_arena_alloc(arena, sizeof(*verdict));
        *verdict = *images[i].verdict;
        verdict->key = key;
        images[i].verdict = verdict;
    }
}

static const char *reasons_text(const struct rb_plan_decision *decision, struct rb_strbuf *text)
{
    for (size_t i = 0; i < decision->reason_count; i++) {
        const struct rb_plan_reason *reason = &decision->reasons[i];
        rb_strbuf_printf(text, "%s%s %s:%s>%s#%d", i == 0 ? "" : ", ",
                         rb_plan_reason_kind_name(reason->kind), reason->subject, reason->from,
                         reason->to, (int)reason->version_id);
    }
    return rb_strbuf_text(text);
}

static const char *trial_of(const struct rb_plan_decision *decision)
{
    return decision->trial == NULL ? NULL : rb_plan_reason_kind_name(decision->trial->kind);
}

void check_decision(const char *name, const struct rb_plan_decision *decision,
                    const struct expected *expected)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4096);
    bool build = expected->state == RB_PLAN_STALE;
    const char *waits_for = decision->waits_for != NULL ? decision->waits_for : "nothing";
    const char *wanted = expected->waits_for != NULL ? expected->waits_for : "nothing";
    if (decision->state != expected->state || decision->build != build ||
        strcmp(waits_for, wanted) != 0 || decision->wake_at != expected->wake_at ||
        strstr(decision->cause, expected->cause != NULL ? expected->cause : "") == NULL ||
        (expected->cause == NULL && decision->cause[0] != '\0') ||
        (build && decision->attempt != expected->attempt) || decision->ask != expected->ask ||
        decision->replace != expected->replace ||
        !rb_text_equal(decision->give_up, expected->give_up) ||
        !rb_text_equal(trial_of(decision), expected->trial) ||
        strcmp(reasons_text(decision, &text), expected->reasons) != 0)
        fail_msg("%s: state %s, build %d, ask %d, replace %d, gives up %s, attempt %d, waits for "
                 "%s, wake at %lld, cause \"%s\", "
                 "reasons \"%s\"",
                 name, rb_plan_state_name(decision->state), decision->build, decision->ask,
                 decision->replace, decision->give_up == NULL ? "-" : decision->give_up,
                 decision->attempt, waits_for, (long long)decision->wake_at, decision->cause,
                 rb_strbuf_text(&text));
}
