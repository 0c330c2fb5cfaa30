/* SPDX-License-Identifier: Apache-2.0 */
/* Each state of an image and each way into it, on two images: a base and its child. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/plan/plan.h"

enum { NOW = 1000000000, MINUTE = 60000 };

/* An image that is as its inputs are. */
#define FRESH_BASE                                                                                 \
    .name = "shop/runtime", .base = RB_PLAN_NO_BASE, .base_name = "debian", .code_name = "code",   \
    .now = {"r1", "d1", "t1"}, .artifact_digest = "a1", .built = {"r1", "d1", "t1"},               \
    .base_version_id = 11, .code_version_id = 12

#define FRESH_CHILD                                                                                \
    .name = "shop/app", .base = 0, .base_name = "runtime", .code_name = "code",                    \
    .now = {"r2", NULL, "t2"}, .artifact_digest = "a2", .built = {"r2", "a1", "t2"},               \
    .code_version_id = 12

#define NEW_CODE       .now = {"r1", "d1", "t9"}
#define NEW_CHILD_CODE .now = {"r2", NULL, "t9"}

static const struct rb_plan_update PERL[] = {{"perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_update PERL_AND_TAR[] = {{"perl", "5.36-7", "5.36-8", 21},
                                                     {"tar", "1.34", "1.35", 22}};
static const struct rb_plan_update TWO_PERLS[] = {{"perl", "5.36-7", "5.36-8", 21},
                                                  {"perl", "5.36-6", "5.36-9", 21}};
static const struct rb_plan_reason PERL_REMAINS[] = {
    {RB_REASON_PACKAGE, "perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_reason OLD_PERL_REMAINS[] = {
    {RB_REASON_PACKAGE, "perl", "5.36-5", "5.36-6", 19}};

#define UPDATES(array)   .updates = (array), .update_count = RB_COUNT_OF(array)
#define REMAINING(array) .last_remaining = (array), .last_remaining_count = RB_COUNT_OF(array)

/* last_key TRIED stands for the key of what the image's inputs are now. */
static const char TRIED[] = "tried";

/* Fills in the keys that the table cannot know: an image's key is that of its decision. */
static void resolve_keys(struct rb_plan_image *images, size_t count, struct rb_arena *arena)
{
    struct rb_plan plan;
    struct rb_plan_snapshot snapshot = {NOW, images, count};
    rb_plan_make(&snapshot, arena, &plan);
    for (size_t i = 0; i < count; i++) {
        if (images[i].last_key == TRIED)
            images[i].last_key = plan.decisions[i].input_key;
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

struct expected {
    enum rb_plan_state state;
    const char *reasons;   /* as reasons_text writes them */
    const char *cause;     /* a part of it */
    const char *waits_for; /* NULL: nothing */
    int64_t wake_at;
    int attempt; /* with RB_PLAN_STALE */
};

static void check_decision(const char *name, const struct rb_plan_decision *decision,
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
        (build && decision->attempt != expected->attempt) ||
        strcmp(reasons_text(decision, &text), expected->reasons) != 0)
        fail_msg("%s: state %s, build %d, attempt %d, waits for %s, wake at %lld, cause \"%s\", "
                 "reasons \"%s\"",
                 name, rb_plan_state_name(decision->state), decision->build, decision->attempt,
                 waits_for, (long long)decision->wake_at, decision->cause, rb_strbuf_text(&text));
}

static const char CODE[] = "code code:t1>t9#12";
static const char PERL_REASON[] = "package perl:5.36-7>5.36-8#21";

static const struct {
    const char *name;
    struct rb_plan_image image;
    struct expected expected;
} SINGLE[] = {
    {"nothing changed", {FRESH_BASE}, {RB_PLAN_FRESH, ""}},
    {"never built",
     {.name = "shop/runtime",
      .base = RB_PLAN_NO_BASE,
      .base_name = "debian",
      .code_name = "code",
      .now = {"r1", "d1", "t1"}},
     {RB_PLAN_STALE, "recipe shop/runtime:>r1#0, base debian:>d1#0, code code:>t1#0",
      .attempt = 1}},
    {"an artifact whose inputs are not known any more",
     {FRESH_BASE, .built = {NULL, NULL, NULL}},
     {RB_PLAN_STALE, "recipe shop/runtime:>r1#0, base debian:>d1#11, code code:>t1#12",
      .attempt = 1}},
    {"code", {FRESH_BASE, NEW_CODE}, {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"base",
     {FRESH_BASE, .now = {"r1", "d9", "t1"}},
     {RB_PLAN_STALE, "base debian:d1>d9#11", .attempt = 1}},
    {"recipe",
     {FRESH_BASE, .now = {"r9", "d1", "t1"}},
     {RB_PLAN_STALE, "recipe shop/runtime:r1>r9#0", .attempt = 1}},
    {"package", {FRESH_BASE, UPDATES(PERL)}, {RB_PLAN_STALE, PERL_REASON, .attempt = 1}},
    {"all kinds at once, in their order",
     {FRESH_BASE, .now = {"r9", "d9", "t9"}, UPDATES(PERL_AND_TAR), .request_who = "ann",
      .request_why = "to see"},
     {RB_PLAN_STALE,
      "recipe shop/runtime:r1>r9#0, base debian:d1>d9#11, code code:t1>t9#12, "
      "package perl:5.36-7>5.36-8#21, package tar:1.34>1.35#22, manual ann:>to see#0",
      .attempt = 1}},
    {"a source that was never seen",
     {FRESH_BASE, .now = {"r1", "d1", NULL}, .missing = "shop/code"},
     {RB_PLAN_WAITING, "", "shop/code has no version yet", "shop/code"}},
    {"a source that was never seen, beside a change",
     {FRESH_BASE, NEW_CODE, .missing = "shop/security"},
     {RB_PLAN_WAITING, CODE, "shop/security has no version yet", "shop/security"}},
    {"queued", {FRESH_BASE, NEW_CODE, .open_build = 7}, {RB_PLAN_QUEUED, CODE, NULL, "build:7"}},
    {"building, whatever else there is",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_running = true, .missing = "shop/code",
      .paused_by = "ann: x"},
     {RB_PLAN_BUILDING, CODE, NULL, "build:7"}},

    {"settling",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - MINUTE},
     {RB_PLAN_SETTLING, CODE, "nothing has changed for 2m00s", NULL, NOW + MINUTE}},
    {"settled to the millisecond",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - 2 * MINUTE},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"a change seen by a clock that went back",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW + 60 * MINUTE},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"a request does not settle",
     {FRESH_BASE, .settle_ms = 2 * MINUTE, .changed_at = NOW, .request_who = "ann"},
     {RB_PLAN_STALE, "manual ann:>#0", .attempt = 1}},

    {"paused",
     {FRESH_BASE, NEW_CODE, .paused_by = "ann: freeze"},
     {RB_PLAN_PAUSED, CODE, "paused by ann: freeze"}},
    {"paused, and asked for",
     {FRESH_BASE, .request_who = "bob", .paused_by = "ann: freeze"},
     {RB_PLAN_PAUSED, "manual bob:>#0", "paused by ann: freeze"}},
    {"paused with nothing to do", {FRESH_BASE, .paused_by = "ann: freeze"}, {RB_PLAN_FRESH, ""}},

    {"failed",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED, .last_attempt = 1},
     {RB_PLAN_FAILED, CODE, "its last build failed; waits for a changed input or a request"}},
    {"failed, then another input came",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = "another", .last_attempt = 1},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"failed, then asked for",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED, .last_attempt = 1,
      .request_who = "ann", .request_why = "again"},
     {RB_PLAN_STALE, "code code:t1>t9#12, manual ann:>again#0", .attempt = 1}},
    {"failed, and paused after that",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED, .paused_by = "ann: x"},
     {RB_PLAN_FAILED, CODE, "its last build failed"}},
    {"failed, then the change was taken back",
     {FRESH_BASE, .last = RB_LAST_FAILED, .last_key = "another"},
     {RB_PLAN_FRESH, ""}},
    {"canceled",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_CANCELED, .last_key = TRIED},
     {RB_PLAN_FAILED, CODE, "its last build was canceled"}},
    {"canceled, then another input came",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_CANCELED, .last_key = "another"},
     {RB_PLAN_STALE, CODE, .attempt = 1}},

    {"a first failure from outside",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW - 10000},
     {RB_PLAN_BACKOFF, CODE, "attempt 1 of 3 failed for a cause outside of it; next at 1970-01-12",
      NULL, NOW + 20000}},
    {"its second attempt",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW - 30000},
     {RB_PLAN_STALE, CODE, .attempt = 2}},
    {"after the second attempt",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 2,
      .last_finished_at = NOW - 30000},
     {RB_PLAN_BACKOFF, CODE, "attempt 2 of 3", NULL, NOW + 90000}},
    {"after the last attempt",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 3,
      .last_finished_at = NOW - 1},
     {RB_PLAN_FAILED, CODE, "failed 3 times for causes outside of it"}},
    {"a failure from outside does not hide a newer input",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = "another", .last_attempt = 2,
      .last_finished_at = NOW - 1},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"a failure seen by a clock that went back",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW + 60 * MINUTE},
     {RB_PLAN_STALE, CODE, .attempt = 2}},
    {"a request does not wait for the next attempt",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 2,
      .last_finished_at = NOW - 1, .request_who = "ann"},
     {RB_PLAN_STALE, "code code:t1>t9#12, manual ann:>#0", .attempt = 1}},

    {"a request whose build failed from outside stands",
     {FRESH_BASE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW - 30000, .last_request_who = "ann", .last_request_why = "to see"},
     {RB_PLAN_STALE, "manual ann:>to see#0", .attempt = 2}},
    {"a request whose build failed is not built again by itself",
     {FRESH_BASE, .last = RB_LAST_FAILED, .last_key = TRIED, .last_request_who = "ann"},
     {RB_PLAN_FAILED, "manual ann:>#0", "its last build failed"}},
    {"a request whose build was good is served",
     {FRESH_BASE, .last = RB_LAST_GOOD, .last_key = TRIED, .last_request_who = "ann"},
     {RB_PLAN_FRESH, ""}},
    {"a request whose build was canceled is withdrawn",
     {FRESH_BASE, .last = RB_LAST_CANCELED, .last_key = TRIED, .last_request_who = "ann"},
     {RB_PLAN_FRESH, ""}},
    {"the same request once more",
     {FRESH_BASE, .last = RB_LAST_GOOD, .last_key = TRIED, .last_request_who = "ann",
      .request_who = "ann"},
     {RB_PLAN_STALE, "manual ann:>#0", .attempt = 1}},

    {"a package that a rebuild did not bring",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = "another",
      REMAINING(PERL_REMAINS)},
     {RB_PLAN_UNRESOLVED, PERL_REASON, "a rebuild did not cure package perl; waits"}},
    {"an even newer one of it",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = "another",
      REMAINING(OLD_PERL_REMAINS)},
     {RB_PLAN_STALE, PERL_REASON, .attempt = 1}},
    {"a new package beside it",
     {FRESH_BASE, UPDATES(PERL_AND_TAR), .last = RB_LAST_UNRESOLVED, .last_key = "another",
      REMAINING(PERL_REMAINS)},
     {RB_PLAN_STALE, "package perl:5.36-7>5.36-8#21, package tar:1.34>1.35#22", .attempt = 1}},
    {"a second version of the same package",
     {FRESH_BASE, UPDATES(TWO_PERLS), .last = RB_LAST_UNRESOLVED, .last_key = "another",
      REMAINING(PERL_REMAINS)},
     {RB_PLAN_STALE, "package perl:5.36-7>5.36-8#21, package perl:5.36-6>5.36-9#21", .attempt = 1}},
    {"a changed input beside it",
     {FRESH_BASE, NEW_CODE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = "another",
      REMAINING(PERL_REMAINS)},
     {RB_PLAN_STALE, "code code:t1>t9#12, package perl:5.36-7>5.36-8#21", .attempt = 1}},
    {"a request for it",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = TRIED,
      REMAINING(PERL_REMAINS), .request_who = "ann"},
     {RB_PLAN_STALE, "package perl:5.36-7>5.36-8#21, manual ann:>#0", .attempt = 1}},
    {"unresolved and nothing told to remain: the inputs are those that were built",
     {FRESH_BASE, UPDATES(PERL_AND_TAR), .last = RB_LAST_UNRESOLVED, .last_key = TRIED},
     {RB_PLAN_UNRESOLVED, "package perl:5.36-7>5.36-8#21, package tar:1.34>1.35#22",
      "a rebuild did not cure package perl and 1 more"}},
    {"a good build of these inputs that left the image stale is not repeated",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_GOOD, .last_key = TRIED},
     {RB_PLAN_UNRESOLVED, CODE, "a rebuild did not cure code code"}},
    {"good before, changed since",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_GOOD, .last_key = "another"},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
};

static void test_single_image(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SINGLE); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan_image image = SINGLE[i].image;
        struct rb_plan plan;
        resolve_keys(&image, 1, arena);
        struct rb_plan_snapshot snapshot = {NOW, &image, 1};
        rb_plan_make(&snapshot, arena, &plan);
        check_decision(SINGLE[i].name, &plan.decisions[0], &SINGLE[i].expected);
        assert_int_equal(plan.count, 1);
        assert_int_equal(plan.build_count, SINGLE[i].expected.state == RB_PLAN_STALE);
        assert_int_equal(plan.wake_at, SINGLE[i].expected.wake_at);
    }
}

static const char CHILD_CODE[] = "code code:t2>t9#12";

/* What a base is makes of its child; the base's own state is checked too. */
static const struct {
    const char *name;
    struct rb_plan_image base;
    struct rb_plan_image child;
    enum rb_plan_state base_state;
    struct expected expected;
} PAIRS[] = {
    {"both fresh", {FRESH_BASE}, {FRESH_CHILD}, RB_PLAN_FRESH, {RB_PLAN_FRESH, ""}},
    {"a new artifact of the base",
     {FRESH_BASE, .artifact_digest = "a9"},
     {FRESH_CHILD},
     RB_PLAN_FRESH,
     {RB_PLAN_STALE, "base runtime:a1>a9#0", .attempt = 1}},
    {"the digest that the snapshot gives for an image base is not looked at",
     {FRESH_BASE},
     {FRESH_CHILD, .now = {"r2", "d7", "t2"}},
     RB_PLAN_FRESH,
     {RB_PLAN_FRESH, ""}},
    {"stale base, stale child",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_STALE,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is stale", "shop/runtime"}},
    {"stale base, child without a reason",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD},
     RB_PLAN_STALE,
     {RB_PLAN_HELD, "", "its base shop/runtime is stale", "shop/runtime"}},
    {"queued base",
     {FRESH_BASE, NEW_CODE, .open_build = 3},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_QUEUED,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is queued", "shop/runtime"}},
    {"building base, child asked for",
     {FRESH_BASE, .open_build = 3, .open_running = true, .paused_by = "ann: x"},
     {FRESH_CHILD, .request_who = "ann"},
     RB_PLAN_BUILDING,
     {RB_PLAN_HELD, "manual ann:>#0", "its base shop/runtime is building", "shop/runtime"}},
    {"settling base",
     {FRESH_BASE, NEW_CODE, .settle_ms = MINUTE, .changed_at = NOW},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_SETTLING,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is settling", "shop/runtime"}},
    {"base between two attempts",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_BACKOFF,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is backoff", "shop/runtime"}},
    {"waiting base",
     {FRESH_BASE, .missing = "shop/security"},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_WAITING,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is waiting", "shop/runtime"}},
    {"a failed base keeps its change from a child without reasons",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED},
     {FRESH_CHILD},
     RB_PLAN_FAILED,
     {RB_PLAN_BLOCKED, "", "its base cannot be rebuilt: shop/runtime failed", "shop/runtime"}},
    {"a failed base does not keep a child from its own change",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_FAILED,
     {RB_PLAN_STALE, CHILD_CODE, .attempt = 1}},
    {"a failed base that has no artifact",
     {FRESH_BASE, .artifact_digest = NULL, .last = RB_LAST_FAILED, .last_key = TRIED},
     {FRESH_CHILD, .artifact_digest = NULL},
     RB_PLAN_FAILED,
     {RB_PLAN_BLOCKED, "recipe shop/app:>r2#0, code code:>t2#12",
      "its base cannot be rebuilt: shop/runtime failed", "shop/runtime"}},
    {"a canceled base",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_CANCELED, .last_key = TRIED},
     {FRESH_CHILD},
     RB_PLAN_FAILED,
     {RB_PLAN_BLOCKED, "", "shop/runtime was canceled", "shop/runtime"}},
    {"a base that failed with nothing changed, because somebody asked",
     {FRESH_BASE, .last = RB_LAST_FAILED, .last_key = TRIED, .last_request_who = "ann"},
     {FRESH_CHILD},
     RB_PLAN_FAILED,
     {RB_PLAN_FRESH, ""}},
    {"a paused base that is stale",
     {FRESH_BASE, NEW_CODE, .paused_by = "ann: freeze"},
     {FRESH_CHILD},
     RB_PLAN_PAUSED,
     {RB_PLAN_BLOCKED, "", "shop/runtime is paused", "shop/runtime"}},
    {"a paused base that is stale, and a change of the child",
     {FRESH_BASE, NEW_CODE, .paused_by = "ann: freeze"},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_PAUSED,
     {RB_PLAN_STALE, CHILD_CODE, .attempt = 1}},
    {"a paused base with nothing to do",
     {FRESH_BASE, .paused_by = "ann: freeze"},
     {FRESH_CHILD},
     RB_PLAN_FRESH,
     {RB_PLAN_FRESH, ""}},
    {"a paused base that was never built",
     {FRESH_BASE, .artifact_digest = NULL, .paused_by = "ann: freeze"},
     {FRESH_CHILD, .artifact_digest = NULL},
     RB_PLAN_PAUSED,
     {RB_PLAN_BLOCKED, "recipe shop/app:>r2#0, code code:>t2#12", "shop/runtime is paused",
      "shop/runtime"}},
    {"a paused base that waits for a version and was never built",
     {FRESH_BASE, .artifact_digest = NULL, .paused_by = "ann: x", .missing = "shop/code"},
     {FRESH_CHILD, .artifact_digest = NULL},
     RB_PLAN_WAITING,
     {RB_PLAN_BLOCKED, "recipe shop/app:>r2#0, code code:>t2#12", "shop/runtime is paused",
      "shop/runtime"}},
    {"an unresolved base",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, REMAINING(PERL_REMAINS)},
     {FRESH_CHILD},
     RB_PLAN_UNRESOLVED,
     {RB_PLAN_FRESH, ""}},
    {"an unresolved base that has no artifact",
     {FRESH_BASE, .artifact_digest = NULL, .last = RB_LAST_UNRESOLVED, .last_key = TRIED},
     {FRESH_CHILD, .artifact_digest = NULL},
     RB_PLAN_UNRESOLVED,
     {RB_PLAN_BLOCKED, "recipe shop/app:>r2#0, code code:>t2#12", "shop/runtime has no artifact",
      "shop/runtime"}},
    {"a child that failed does not wait for its base",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD, NEW_CHILD_CODE, .last = RB_LAST_FAILED, .last_key = TRIED},
     RB_PLAN_STALE,
     {RB_PLAN_FAILED, CHILD_CODE, "its last build failed"}},
    {"a child between two attempts waits for its base",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD, NEW_CHILD_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 1,
      .last_finished_at = NOW},
     RB_PLAN_STALE,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is stale", "shop/runtime"}},
    {"a paused child of a stale base",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD, NEW_CHILD_CODE, .paused_by = "ann: freeze"},
     RB_PLAN_STALE,
     {RB_PLAN_PAUSED, CHILD_CODE, "paused by ann: freeze"}},
};

static void test_base_and_child(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(PAIRS); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_plan_image images[] = {PAIRS[i].base, PAIRS[i].child};
        struct rb_plan plan;
        resolve_keys(images, 2, arena);
        struct rb_plan_snapshot snapshot = {NOW, images, 2};
        rb_plan_make(&snapshot, arena, &plan);
        if (plan.decisions[0].state != PAIRS[i].base_state)
            fail_msg("%s: the base is %s", PAIRS[i].name,
                     rb_plan_state_name(plan.decisions[0].state));
        check_decision(PAIRS[i].name, &plan.decisions[1], &PAIRS[i].expected);
        if (plan.decisions[1].build)
            assert_string_equal(plan.decisions[1].base_digest, images[0].artifact_digest);
    }
}

/* runtime <- mid <- app: a change is told up the whole chain, and so is where it is stuck. */
static void test_chain(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan_image images[] = {
        {FRESH_CHILD, .name = "shop/top", .base = 1, .built = {"r2", "a2", "t2"}},
        {FRESH_CHILD, .name = "shop/mid", .base = 2},
        {FRESH_BASE, NEW_CODE},
    };
    struct rb_plan_snapshot snapshot = {NOW, images, RB_COUNT_OF(images)};
    struct rb_plan plan;
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.build_count, 1);
    assert_int_equal(plan.decisions[2].state, RB_PLAN_STALE);
    assert_int_equal(plan.decisions[1].state, RB_PLAN_HELD);
    assert_string_equal(plan.decisions[1].waits_for, "shop/runtime");
    assert_int_equal(plan.decisions[0].state, RB_PLAN_HELD);
    assert_string_equal(plan.decisions[0].waits_for, "shop/mid");

    images[2].last = RB_LAST_FAILED;
    images[2].last_key = plan.decisions[2].input_key;
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.decisions[1].state, RB_PLAN_BLOCKED);
    assert_int_equal(plan.decisions[0].state, RB_PLAN_BLOCKED);
    assert_string_equal(plan.decisions[0].waits_for, "shop/runtime");

    /* A failed image whose own base is rebuilt will be tried again: its child waits. */
    images[2].last = RB_LAST_NONE;
    images[1].now.tree = "t9";
    images[1].last = RB_LAST_FAILED;
    rb_plan_make(&snapshot, arena, &plan);
    images[1].last_key = plan.decisions[1].input_key;
    images[0].now.tree = "t9";
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.decisions[1].state, RB_PLAN_FAILED);
    assert_int_equal(plan.decisions[0].state, RB_PLAN_HELD);

    /* A paused one in the middle stops the change there. */
    images[0].now.tree = "t2";
    images[1].now.tree = "t2";
    images[1].last = RB_LAST_NONE;
    images[1].paused_by = "ann: freeze";
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.decisions[1].state, RB_PLAN_HELD);
    assert_int_equal(plan.decisions[0].state, RB_PLAN_BLOCKED);
    assert_string_equal(plan.decisions[0].waits_for, "shop/mid");
}

static void test_key_names_the_inputs(void **state)
{
    (void)state;
    static const struct rb_plan_update INSTALLED_LATER[] = {{"perl", "5.36-7.1", "5.36-8", 30}};
    static const struct {
        const char *name;
        struct rb_plan_image image;
        bool same;
    } ROWS[] = {
        {"itself", {FRESH_BASE, UPDATES(PERL)}, true},
        {"another recipe", {FRESH_BASE, .now = {"r9", "d1", "t1"}, UPDATES(PERL)}, false},
        {"another base", {FRESH_BASE, .now = {"r1", "d9", "t1"}, UPDATES(PERL)}, false},
        {"another tree", {FRESH_BASE, .now = {"r1", "d1", "t9"}, UPDATES(PERL)}, false},
        {"no tree", {FRESH_BASE, .now = {"r1", "d1", NULL}, UPDATES(PERL)}, false},
        {"an empty tree", {FRESH_BASE, .now = {"r1", "d1", ""}, UPDATES(PERL)}, false},
        {"text moved from one field to the next",
         {FRESH_BASE, .now = {"r1d", "1", "t1"}, UPDATES(PERL)},
         false},
        {"one more update", {FRESH_BASE, UPDATES(PERL_AND_TAR)}, false},
        {"another installed version", {FRESH_BASE, UPDATES(INSTALLED_LATER)}, true},
        {"a request", {FRESH_BASE, UPDATES(PERL), .request_who = "ann"}, true},
        {"a pause", {FRESH_BASE, UPDATES(PERL), .paused_by = "ann: x"}, true},
    };
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *first = NULL;
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        struct rb_plan_snapshot snapshot = {NOW, &ROWS[i].image, 1};
        struct rb_plan plan;
        rb_plan_make(&snapshot, arena, &plan);
        if (i == 0)
            first = plan.decisions[0].input_key;
        assert_int_equal(strlen(plan.decisions[0].input_key), 64);
        if ((strcmp(plan.decisions[0].input_key, first) == 0) != ROWS[i].same)
            fail_msg("%s", ROWS[i].name);
    }
}

static void test_retry_at(void **state)
{
    (void)state;
    static const struct {
        int attempt;
        int64_t delay_ms;
    } ROWS[] = {{-1, 30000},  {0, 30000},   {1, 30000},   {2, 120000},     {3, 480000},
                {4, 1920000}, {5, 3600000}, {6, 3600000}, {1000, 3600000}, {2147483647, 3600000}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++)
        assert_int_equal(rb_plan_retry_at(NOW, ROWS[i].attempt), NOW + ROWS[i].delay_ms);
}

static void test_wakes_at_the_earliest(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct rb_plan_image images[] = {
        {FRESH_BASE, NEW_CODE, .settle_ms = 9 * MINUTE, .changed_at = NOW},
        {FRESH_BASE, NEW_CODE, .settle_ms = 3 * MINUTE, .changed_at = NOW},
        {FRESH_BASE},
        {FRESH_BASE, NEW_CODE, .settle_ms = 5 * MINUTE, .changed_at = NOW},
    };
    struct rb_plan_snapshot snapshot = {NOW, images, RB_COUNT_OF(images)};
    struct rb_plan plan;
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.wake_at, NOW + 3 * MINUTE);
}

static void test_nothing_to_plan(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_plan_snapshot snapshot = {NOW, NULL, 0};
    struct rb_plan plan;
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.count, 0);
    assert_int_equal(plan.build_count, 0);
    assert_int_equal(plan.wake_at, 0);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(rb_plan_reason_kind_name(RB_REASON_RECIPE), "recipe");
    assert_string_equal(rb_plan_reason_kind_name(RB_REASON_MANUAL), "manual");
    assert_string_equal(rb_plan_state_name(RB_PLAN_WAITING), "waiting");
    assert_string_equal(rb_plan_state_name(RB_PLAN_STALE), "stale");
    assert_string_equal(rb_plan_state_name(RB_PLAN_PAUSED), "paused");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_image),    cmocka_unit_test(test_base_and_child),
        cmocka_unit_test(test_chain),           cmocka_unit_test(test_key_names_the_inputs),
        cmocka_unit_test(test_retry_at),        cmocka_unit_test(test_wakes_at_the_earliest),
        cmocka_unit_test(test_nothing_to_plan), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
