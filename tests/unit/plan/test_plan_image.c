/* SPDX-License-Identifier: Apache-2.0 */
/* Each state of an image that is built from a source, and each way into it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"

static const struct rb_plan_update PERL[] = {{"perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_update PERL_AND_TAR[] = {{"perl", "5.36-7", "5.36-8", 21},
                                                     {"tar", "1.34", "1.35", 22}};
static const struct rb_plan_update TWO_PERLS[] = {{"perl", "5.36-7", "5.36-8", 21},
                                                  {"perl", "5.36-6", "5.36-9", 21}};
static const struct rb_plan_reason PERL_REMAINS[] = {
    {RB_REASON_PACKAGE, "perl", "5.36-7", "5.36-8", 21}};
static const struct rb_plan_reason OLD_PERL_REMAINS[] = {
    {RB_REASON_PACKAGE, "perl", "5.36-5", "5.36-6", 19}};

static const struct rb_plan_verdict ALLOWED = {RB_PLAN_ALLOW, TRIED, NULL, NULL, 0,
                                               false,         false, false};
static const struct rb_plan_verdict ALLOWED_ANOTHER = {RB_PLAN_ALLOW, "another", NULL, NULL, 0,
                                                       false,         false,     false};
static const struct rb_plan_verdict URGENT = {RB_PLAN_ALLOW, TRIED, NULL, NULL, 0,
                                              true,          false, false};
static const struct rb_plan_verdict UNTIL_APPROVED = {
    RB_PLAN_HOLD, TRIED, "two must approve", "approval", 0, false, false};
static const struct rb_plan_verdict UNTIL_LATER = {
    RB_PLAN_HOLD, TRIED, "not at this hour", "time", NOW + MINUTE, false, false};
static const struct rb_plan_verdict UNTIL_NOW = {
    RB_PLAN_HOLD, TRIED, "not at this hour", "time", NOW, false, false};
static const struct rb_plan_verdict REPLACES = {RB_PLAN_ALLOW, TRIED, NULL, NULL, 0,
                                                false,         true,  false};
static const struct rb_plan_verdict REFUSED = {
    RB_PLAN_REFUSE, TRIED, "never on a Friday", NULL, 0, false, false, false};

static const struct rb_plan_verdict BISECTS = {RB_PLAN_ALLOW, TRIED, NULL, NULL, 0,
                                               false,         false, true};

static const char BASE_AND_CODE[] = "base debian:d1>d9#11, code code:t1>t9#12";
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
    {"package that closes an advisory",
     {FRESH_BASE, UPDATES(PERL), .updates_are_fixes = true},
     {RB_PLAN_STALE, "advisory perl:5.36-7>5.36-8#21", .attempt = 1}},
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
    {"queued for what is there now",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_key = TRIED},
     {RB_PLAN_QUEUED, CODE, NULL, "build:7"}},
    {"queued for older inputs",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_key = "older"},
     {RB_PLAN_QUEUED, CODE, NULL, "build:7", .replace = true}},
    {"queued for older inputs, and policy is to be asked of the newer ones",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_key = "older", .ask_policy = true},
     {RB_PLAN_QUEUED, CODE, NULL, "build:7", .ask = true}},
    {"queued for older inputs, and policy holds the newer ones",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_key = "older", .ask_policy = true,
      .verdict = &UNTIL_APPROVED},
     {RB_PLAN_QUEUED, CODE, NULL, "build:7", .give_up = "policy does not allow its newer inputs"}},
    {"queued for a change that was taken back",
     {FRESH_BASE, .open_build = 7, .open_key = "older"},
     {RB_PLAN_QUEUED, "", NULL, "build:7", .give_up = "what it was for is gone"}},
    {"queued because somebody asked",
     {FRESH_BASE, .open_build = 7, .open_key = "older", .open_requested = true},
     {RB_PLAN_QUEUED, "", NULL, "build:7"}},
    {"running for older inputs",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_running = true, .open_key = "older"},
     {RB_PLAN_BUILDING, CODE, NULL, "build:7"}},
    {"running for older inputs, and policy wants the newer ones",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_running = true, .open_key = "older",
      .ask_policy = true, .verdict = &REPLACES},
     {RB_PLAN_BUILDING, CODE, NULL, "build:7", .give_up = "its inputs have changed"}},
    {"running for older inputs, given up too often",
     {FRESH_BASE, NEW_CODE, .open_build = 7, .open_running = true, .open_key = "older",
      .ask_policy = true, .verdict = &REPLACES, .given_up = RB_PLAN_GIVEN_UP_MAXIMUM},
     {RB_PLAN_BUILDING, CODE, NULL, "build:7"}},
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
    {"settling, and its longest wait ends first",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - MINUTE,
      .at_most_ms = 10 * MINUTE, .settling_since = NOW - 10 * MINUTE + 1},
     {RB_PLAN_SETTLING, CODE, "nothing has changed for 2m00s, at", NULL, NOW + 1}},
    {"settling for the longest time",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - MINUTE,
      .at_most_ms = 10 * MINUTE, .settling_since = NOW - 10 * MINUTE},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"quiet before the longest time is over",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - 2 * MINUTE,
      .at_most_ms = 10 * MINUTE, .settling_since = NOW - 3 * MINUTE},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"settling since a time that lies ahead",
     {FRESH_BASE, NEW_CODE, .settle_ms = 2 * MINUTE, .changed_at = NOW - MINUTE,
      .at_most_ms = 10 * MINUTE, .settling_since = NOW + 10 * MINUTE},
     {RB_PLAN_SETTLING, CODE, "nothing has changed for 2m00s", NULL, NOW + MINUTE}},
    {"a request does not settle",
     {FRESH_BASE, .settle_ms = 2 * MINUTE, .changed_at = NOW, .request_who = "ann"},
     {RB_PLAN_STALE, "manual ann:>#0", .attempt = 1}},

    {"paused",
     {FRESH_BASE, NEW_CODE, .paused_by = "ann: freeze"},
     {RB_PLAN_PAUSED, CODE, "paused by ann: freeze"}},
    {"paused, and asked for",
     {FRESH_BASE, .request_who = "bob", .paused_by = "ann: freeze"},
     {RB_PLAN_PAUSED, "manual bob:>#0", "paused by ann: freeze"}},
    {"paused, and forced",
     {FRESH_BASE, .request_who = "bob", .request_force = true, .paused_by = "ann: freeze"},
     {RB_PLAN_STALE, "manual bob:>#0", .attempt = 1}},
    {"paused with nothing to do", {FRESH_BASE, .paused_by = "ann: freeze"}, {RB_PLAN_FRESH, ""}},

    {"policy was not asked yet",
     {FRESH_BASE, NEW_CODE, .ask_policy = true},
     {RB_PLAN_DECIDING, CODE, "policy is asked", "policy", .ask = true}},
    {"policy is asked while it settles",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .settle_ms = 2 * MINUTE, .changed_at = NOW},
     {RB_PLAN_SETTLING, CODE, "nothing has changed for 2m00s", NULL, NOW + 2 * MINUTE,
      .ask = true}},
    {"nothing changed, and policy has nothing to say",
     {FRESH_BASE, .ask_policy = true},
     {RB_PLAN_FRESH, ""}},
    {"a paused image is not asked about",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .paused_by = "ann: freeze"},
     {RB_PLAN_PAUSED, CODE, "paused by ann: freeze"}},
    {"policy allowed it",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &ALLOWED},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"policy allowed other inputs",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &ALLOWED_ANOTHER},
     {RB_PLAN_DECIDING, CODE, "policy is asked", "policy", .ask = true}},
    {"urgent does not settle",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &URGENT, .settle_ms = 2 * MINUTE,
      .changed_at = NOW},
     {RB_PLAN_STALE, CODE, .attempt = 1}},
    {"on hold until somebody approves",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &UNTIL_APPROVED},
     {RB_PLAN_ON_HOLD, CODE, "two must approve", "approval"}},
    {"on hold until a time",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &UNTIL_LATER},
     {RB_PLAN_ON_HOLD, CODE, "not at this hour", "time", NOW + MINUTE}},
    {"a hold that is over is asked about again",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &UNTIL_NOW},
     {RB_PLAN_DECIDING, CODE, "policy is asked", "policy", .ask = true}},
    {"refused",
     {FRESH_BASE, NEW_CODE, .ask_policy = true, .verdict = &REFUSED},
     {RB_PLAN_REFUSED, CODE, "never on a Friday"}},
    {"what is asked for is held too",
     {FRESH_BASE, .request_who = "ann", .ask_policy = true, .verdict = &UNTIL_APPROVED},
     {RB_PLAN_ON_HOLD, "manual ann:>#0", "two must approve", "approval"}},
    {"a hold, and forced",
     {FRESH_BASE, .request_who = "ann", .request_force = true, .ask_policy = true,
      .verdict = &UNTIL_APPROVED},
     {RB_PLAN_STALE, "manual ann:>#0", .attempt = 1}},
    {"what is forced is asked about first",
     {FRESH_BASE, .request_who = "ann", .request_force = true, .ask_policy = true},
     {RB_PLAN_DECIDING, "manual ann:>#0", "policy is asked", "policy", .ask = true}},
    {"a refusal stands against force",
     {FRESH_BASE, .request_who = "ann", .request_force = true, .ask_policy = true,
      .verdict = &REFUSED},
     {RB_PLAN_REFUSED, "manual ann:>#0", "never on a Friday"}},
    {"a verdict where no policy is set any more",
     {FRESH_BASE, NEW_CODE, .verdict = &REFUSED},
     {RB_PLAN_STALE, CODE, .attempt = 1}},

    {"failed",
     {FRESH_BASE, NEW_CODE, .last = RB_LAST_FAILED, .last_key = TRIED, .last_attempt = 1},
     {RB_PLAN_FAILED, CODE, "its last build failed; waits for a changed input or a request"}},
    {"not cured, and to be tried again later",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = TRIED,
      .last_finished_at = NOW - MINUTE, REMAINING(PERL_REMAINS), .retry_unresolved_ms = 2 * MINUTE},
     {RB_PLAN_UNRESOLVED, PERL_REASON, "waits for a changed input, or until", NULL, NOW + MINUTE}},
    {"not cured, and tried again",
     {FRESH_BASE, UPDATES(PERL), .last = RB_LAST_UNRESOLVED, .last_key = TRIED,
      .last_finished_at = NOW - 2 * MINUTE, REMAINING(PERL_REMAINS),
      .retry_unresolved_ms = 2 * MINUTE},
     {RB_PLAN_STALE, PERL_REASON, .attempt = 1}},
    {"one input alone has changed",
     {FRESH_BASE, .now = {"r9", "d1", "t1"}, .last = RB_LAST_FAILED, .last_key = TRIED},
     {RB_PLAN_FAILED, "recipe shop/runtime:r1>r9#0",
      "recipe shop/runtime alone has changed since the last good build"}},
    {"two have, and policy lets nothing be tried",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED},
     {RB_PLAN_FAILED, BASE_AND_CODE,
      "its last build failed; waits for a changed input or a request"}},
    {"it is tried with the base put back",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS},
     {RB_PLAN_STALE, BASE_AND_CODE, .attempt = 1, .trial = "base"}},
    {"then with the code",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS, .base_trial = RB_TRIAL_BAD},
     {RB_PLAN_STALE, BASE_AND_CODE, .attempt = 1, .trial = "code"}},
    {"the code broke it",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS, .base_trial = RB_TRIAL_BAD,
      .code_trial = RB_TRIAL_GOOD},
     {RB_PLAN_FAILED, BASE_AND_CODE, "code code breaks it: put back, it builds"}},
    {"no one of them did",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS, .base_trial = RB_TRIAL_BAD,
      .code_trial = RB_TRIAL_BAD},
     {RB_PLAN_FAILED, BASE_AND_CODE, "none of its inputs put back alone makes it build"}},
    {"nothing is tried while it is paused",
     {FRESH_BASE, .now = {"r1", "d9", "t9"}, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS, .paused_by = "ann: x"},
     {RB_PLAN_FAILED, BASE_AND_CODE, "its last build failed"}},
    {"what never was built cannot be put back",
     {FRESH_BASE, .artifact_digest = NULL, .last = RB_LAST_FAILED, .last_key = TRIED,
      .ask_policy = true, .verdict = &BISECTS},
     {RB_PLAN_FAILED, "recipe shop/runtime:>r1#0, base debian:>d1#11, code code:>t1#12",
      "its last build failed"}},
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
     {RB_PLAN_QUARANTINED, CODE, "failed 3 times for causes outside of it"}},
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

static void test_key_names_the_inputs(void **state)
{
    (void)state;
    static const struct rb_plan_update NEWER[] = {{"perl", "5.36-7", "5.36-9", 21}};
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
        {"marks inside of fields", {FRESH_BASE, .now = {"r+r", "d", "t1"}, UPDATES(PERL)}, false},
        {"the same marks, elsewhere",
         {FRESH_BASE, .now = {"r", "r+d", "t1"}, UPDATES(PERL)},
         false},
        {"one more update", {FRESH_BASE, UPDATES(PERL_AND_TAR)}, false},
        {"a newer update", {FRESH_BASE, UPDATES(NEWER)}, false},
        {"another installed version", {FRESH_BASE, UPDATES(INSTALLED_LATER)}, true},
        {"a request", {FRESH_BASE, UPDATES(PERL), .request_who = "ann"}, true},
        {"a pause", {FRESH_BASE, UPDATES(PERL), .paused_by = "ann: x"}, true},
    };
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *first = NULL, *before = "";
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        struct rb_plan_snapshot snapshot = {NOW, &ROWS[i].image, 1};
        struct rb_plan plan;
        rb_plan_make(&snapshot, arena, &plan);
        if (i == 0)
            first = plan.decisions[0].input_key;
        assert_string_not_equal(plan.decisions[0].input_key, ROWS[i].same ? "" : before);
        before = plan.decisions[0].input_key;
        assert_int_equal(strlen(plan.decisions[0].input_key), 64);
        if ((strcmp(plan.decisions[0].input_key, first) == 0) != ROWS[i].same)
            fail_msg("%s", ROWS[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single_image),
        cmocka_unit_test(test_key_names_the_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
