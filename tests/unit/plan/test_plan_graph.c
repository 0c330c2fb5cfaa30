/* SPDX-License-Identifier: Apache-2.0 */
/* What the state of a base makes of the images that are built on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static const struct rb_plan_update PERL[] = {{"perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_reason PERL_REMAINS[] = {
    {RB_REASON_PACKAGE, "perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_verdict HELD_BACK = {
    RB_PLAN_HOLD, TRIED, "two must approve", "approval", 0, false, false};
static const struct rb_plan_verdict REFUSED = {RB_PLAN_REFUSE, TRIED, "never", NULL, 0,
                                               false,          false, false};
static const struct rb_plan_verdict URGENT = {RB_PLAN_ALLOW, TRIED, NULL, NULL, 0,
                                              true,          false, false};
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
    {"a queued child whose base is to be rebuilt after all",
     {FRESH_BASE, NEW_CODE},
     {FRESH_CHILD, NEW_CHILD_CODE, .open_build = 4, .open_key = "older"},
     RB_PLAN_STALE,
     {RB_PLAN_QUEUED, CHILD_CODE, NULL, "build:4", .give_up = "its base is to be rebuilt first"}},
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
    {"a quarantined base keeps its change from a child without reasons",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 3},
     {FRESH_CHILD},
     RB_PLAN_QUARANTINED,
     {RB_PLAN_BLOCKED, "", "its base cannot be rebuilt: shop/runtime is quarantined",
      "shop/runtime"}},
    {"a quarantined base does not keep a child from its own change",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_TRANSIENT, .last_key = TRIED, .last_attempt = 3},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_QUARANTINED,
     {RB_PLAN_STALE, CHILD_CODE, .attempt = 1}},
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
    {"a base of which policy is asked",
     {FRESH_BASE, NEW_CODE, .ask_policy = true},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_DECIDING,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is deciding", "shop/runtime"}},
    {"a base on hold keeps its own change back",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &HELD_BACK},
     {FRESH_CHILD},
     RB_PLAN_ON_HOLD,
     {RB_PLAN_BLOCKED, "", "shop/runtime is on hold", "shop/runtime"}},
    {"a base on hold, and a change of the child",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &HELD_BACK},
     {FRESH_CHILD, NEW_CHILD_CODE},
     RB_PLAN_ON_HOLD,
     {RB_PLAN_STALE, CHILD_CODE, .attempt = 1}},
    {"a refused base",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &REFUSED},
     {FRESH_CHILD},
     RB_PLAN_REFUSED,
     {RB_PLAN_BLOCKED, "", "shop/runtime is refused by policy", "shop/runtime"}},
    {"policy is asked about a held child too: it may be urgent",
     {FRESH_BASE, .open_build = 3},
     {FRESH_CHILD, NEW_CHILD_CODE, .ask_policy = true},
     RB_PLAN_QUEUED,
     {RB_PLAN_HELD, CHILD_CODE, "its base shop/runtime is queued", "shop/runtime", .ask = true}},
    {"an urgent child goes ahead on the old base",
     {FRESH_BASE, .open_build = 3},
     {FRESH_CHILD, NEW_CHILD_CODE, .ask_policy = true, .verdict = &URGENT},
     RB_PLAN_QUEUED,
     {RB_PLAN_STALE, CHILD_CODE, .attempt = 1}},
    {"an urgent child that has no old base",
     {FRESH_BASE, .artifact_digest = NULL, .open_build = 3},
     {FRESH_CHILD, .artifact_digest = NULL, .ask_policy = true, .verdict = &URGENT},
     RB_PLAN_QUEUED,
     {RB_PLAN_HELD, "recipe shop/app:>r2#0, code code:>t2#12", "its base shop/runtime is queued",
      "shop/runtime"}},
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

    /* Also where none of them was ever built. */
    images[2].artifact_digest = NULL;
    images[1].artifact_digest = NULL;
    images[2].last_key = NULL;
    rb_plan_make(&snapshot, arena, &plan);
    images[2].last_key = plan.decisions[2].input_key;
    rb_plan_make(&snapshot, arena, &plan);
    assert_int_equal(plan.decisions[0].state, RB_PLAN_BLOCKED);
    assert_string_equal(plan.decisions[0].waits_for, "shop/runtime");
    images[2].artifact_digest = "a1";
    images[1].artifact_digest = "a2";

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
        cmocka_unit_test(test_base_and_child),  cmocka_unit_test(test_chain),
        cmocka_unit_test(test_retry_at),        cmocka_unit_test(test_wakes_at_the_earliest),
        cmocka_unit_test(test_nothing_to_plan), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
