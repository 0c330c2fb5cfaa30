/* SPDX-License-Identifier: Apache-2.0 */
/* How rules are read, one policy and one input at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/policy/policy.h"

#define HEAD "apiVersion: rebake/v1\npolicy: test\n"
#define NOW  "\"now\": \"2026-11-27T12:00:00Z\""

static struct rb_policy *read_policy(const char *text)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_policy *policy;
    struct rb_err err;
    if (rb_policy_parse(text, strlen(text), "test.yaml", &policy, &diagnostics, &err) != 0)
        fail_msg("%s: %s", err.text,
                 diagnostics.count > 0 ? diagnostics.items[0].message : "nothing more");
    return policy;
}

static json_t *parse(const char *text)
{
    json_t *json;
    struct rb_err err;
    if (rb_json_parse(text, strlen(text), "a test's JSON", &json, &err) != 0)
        fail_msg("%s: %s", err.text, text);
    return json;
}

/* Is each member of wanted so in found, deeply? null: it is not there. */
static bool holds(const json_t *found, const json_t *wanted)
{
    const char *key;
    json_t *value;
    if (!json_is_object(wanted))
        return json_equal(found, wanted);
    json_object_foreach((json_t *)wanted, key, value)
    {
        const json_t *other = json_object_get(found, key);
        if (json_is_null(value) ? other != NULL : !holds(other, value))
            return false;
    }
    return true;
}

static const struct {
    const char *name;
    const char *policy;
    const char *input;
    const char *wanted; /* of the result; or the text of an error, which begins with "rule" */
} CASES[] = {
    {"no rule", HEAD "rules: {}\n", "\"subject\": \"rebuild\"",
     "{\"decision\": \"hold\", \"rule\": \"none\"}"},
    {"the first that decides",
     HEAD "rules:\n  a: { when: .x, decide: refuse }\n"
          "  b: { decide: allow }\n  c: { decide: refuse }\n",
     "\"subject\": \"rebuild\", \"x\": false",
     "{\"decision\": \"allow\", \"rule\": \"b\", \"rules\": [\"b\"], \"reason\": \"b\"}"},
    {"what is not there is not so",
     HEAD "rules:\n  a: { when: .threat.kev, decide: refuse }\n  b: { decide: allow }\n",
     "\"subject\": \"rebuild\"", "{\"rule\": \"b\"}"},
    {"a rule for another subject",
     HEAD "rules:\n  a: { subject: [deploy], decide: refuse }\n  b: { decide: allow }\n",
     "\"subject\": \"rebuild\"", "{\"rule\": \"b\"}"},
    {"the first that sets wins, and what comes behind the decision sets nothing",
     HEAD "rules:\n  a: { set: { priority: 80 } }\n"
          "  b: { decide: allow, reason: why not, set: { priority: 10, urgent: true } }\n"
          "  c: { set: { bisect: true } }\n",
     "\"subject\": \"rebuild\"",
     "{\"decision\": \"allow\", \"priority\": 80, \"urgent\": true, \"bisect\": null, "
     "\"rules\": [\"a\", \"b\"], \"reason\": \"why not\"}"},
    {"all that can be set",
     HEAD "rules:\n  a:\n    decide: allow\n    set: { supersede: cancel, builder-class: large, "
          "executor: slurm, base: \"x@sha256:1\", arguments: { A: b }, waves: [canary, all], "
          "deadline: 1h, budget: { a-day: 10h }, concurrency: { name: big, most: 2 }, "
          "require: { selinux: enforcing } }\n",
     "\"subject\": \"rebuild\", \"pipeline\": \"shop\"",
     "{\"supersede\": \"cancel\", \"builderClass\": \"large\", \"executor\": \"slurm\", "
     "\"base\": \"x@sha256:1\", \"arguments\": {\"A\": \"b\"}, \"waves\": [\"canary\", \"all\"], "
     "\"deadline\": \"2026-11-27T13:00:00Z\", \"budget\": {\"name\": \"shop\", "
     "\"minutesPerDay\": 600}, \"concurrency\": {\"name\": \"big\", \"most\": 2}, "
     "\"require\": {\"selinux\": \"enforcing\"}}"},
    {"approvals that are wanted",
     HEAD "rules:\n  a: { decide: hold, until: { approvals: 2, by: [ann, bob, eve] } }\n"
          "  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"approvals\": [{\"who\": \"user:ann\"}, {\"who\": \"user:ann\"}, "
     "{\"who\": \"user:mallory\"}, {\"who\": \"user:bob\", \"until\": \"2026-11-27T11:00:00Z\"}]",
     "{\"decision\": \"hold\", \"waitsFor\": \"approval\", \"approvals\": {\"wanted\": 2, "
     "\"given\": 1, \"from\": [\"ann\", \"bob\", \"eve\"]}, "
     "\"reason\": \"a; 1 of 2 approvals given\", \"until\": null}"},
    {"approvals that are there",
     HEAD "rules:\n  a: { decide: hold, until: { approvals: 2, by: [ann, bob, eve] } }\n"
          "  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"approvals\": [{\"who\": \"user:ann\"}, {\"who\": \"user:bob\", "
     "\"until\": \"2026-11-27T12:00:01Z\"}]",
     "{\"decision\": \"allow\", \"rules\": [\"a\", \"b\"]}"},
    {"not settled yet",
     HEAD "rules:\n  a: { decide: hold, until: { settled: 10m } }\n  b: { decide: allow }\n",
     "\"subject\": \"rebuild\", \"settledFor\": 60",
     "{\"decision\": \"hold\", \"waitsFor\": \"settled\", \"until\": \"2026-11-27T12:09:00Z\"}"},
    {"settled",
     HEAD "rules:\n  a: { decide: hold, until: { settled: 10m } }\n  b: { decide: allow }\n",
     "\"subject\": \"rebuild\", \"settledFor\": 600", "{\"decision\": \"allow\"}"},
    {"tests that have not passed",
     HEAD "rules:\n  a: { decide: hold, until: { tests: passed } }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"tests\": {\"last\": \"none\"}",
     "{\"decision\": \"hold\", \"waitsFor\": \"test\"}"},
    {"tests that have",
     HEAD "rules:\n  a: { decide: hold, until: { tests: passed } }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"tests\": {\"last\": \"passed\"}", "{\"decision\": \"allow\"}"},
    {"outside of a window",
     HEAD "windows: { nights: { recurrence: FREQ=DAILY, start: \"22:00\", for: 6h } }\n"
          "rules:\n  a: { outside: nights, decide: hold }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\"",
     "{\"decision\": \"hold\", \"waitsFor\": \"time\", \"until\": \"2026-11-27T22:00:00Z\", "
     "\"reason\": \"a; until 2026-11-27T22:00:00Z\"}"},
    {"in a freeze",
     HEAD
     "windows: { freeze: { start: 2026-11-20, for: 10d } }\n"
     "rules:\n  a: { during: freeze, decide: hold, reason: no changes }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\"", "{\"decision\": \"hold\", \"until\": \"2026-11-30T00:00:00Z\"}"},
    {"after it",
     HEAD "windows: { freeze: { start: 2026-10-20, for: 10d } }\n"
          "rules:\n  a: { during: freeze, decide: hold }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\"", "{\"decision\": \"allow\"}"},
    {"a waived advisory does not count",
     HEAD "waivers: { w: { advisory: CVE-1, for: [shop/app], owner: ann, reason: unreachable, "
          "until: 2027-01-01 } }\n"
          "rules:\n  a: { when: '.threat.kev or .vulnerability.worst == \"critical\"', decide: "
          "refuse }\n"
          "  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"name\": \"shop/app\", \"threat\": {\"kev\": true, \"epss\": 0.9}, "
     "\"vulnerability\": {\"worst\": \"critical\", \"open\": [{\"id\": \"DSA-1\", "
     "\"aliases\": [\"CVE-1\"], \"severity\": \"critical\", \"kev\": true}, {\"id\": \"DSA-2\", "
     "\"severity\": \"low\"}]}",
     "{\"decision\": \"allow\", \"waivers\": [\"DSA-1\"]}"},
    {"a waiver that is over, and one for another",
     HEAD "waivers:\n  w: { advisory: DSA-1, owner: ann, reason: x, until: 2026-11-27T12:00:00Z }\n"
          "  v: { advisory: DSA-1, for: [shop/other], owner: ann, reason: x, until: 2027-01-01 }\n"
          "rules:\n  a: { when: .threat.kev, decide: refuse }\n  b: { decide: allow }\n",
     "\"subject\": \"deploy\", \"name\": \"shop/app\", \"threat\": {\"kev\": true}, "
     "\"vulnerability\": {\"open\": [{\"id\": \"DSA-1\", \"kev\": true}]}",
     "{\"decision\": \"refuse\", \"waivers\": null}"},
    {"the earliest deadline",
     HEAD "sla: { exploited: 1h, critical: 24h, high: 7d }\nrules: { a: { decide: allow } }\n",
     "\"subject\": \"rebuild\", \"vulnerability\": {\"closes\": [{\"id\": \"1\", "
     "\"severity\": \"critical\"}, {\"id\": \"2\", \"severity\": \"high\", "
     "\"since\": \"2026-11-21T00:00:00Z\"}, {\"id\": \"3\", \"severity\": \"low\"}]}",
     "{\"deadline\": \"2026-11-28T00:00:00Z\"}"},
    {"an exposure of one that is exploited",
     HEAD
     "sla: { exploited: 1h, critical: 24h }\nrules: { a: { subject: [rebuild], decide: allow } }\n",
     "\"subject\": \"exposure\", \"vulnerability\": {\"open\": [{\"id\": \"1\", \"kev\": true, "
     "\"severity\": \"critical\"}]}",
     "{\"decision\": \"allow\", \"rule\": \"sla\", \"deadline\": \"2026-11-27T13:00:00Z\"}"},
    {"the deadline of each exposure, but of one that is waived",
     HEAD
     "sla: { critical: 24h, high: 7d }\nwaivers: { w: { advisory: \"2\", owner: ann, reason: x, "
     "until: 2027-01-01 } }\nrules: {}\n",
     "\"subject\": \"exposure\", \"vulnerability\": {\"open\": [{\"id\": \"1\", \"severity\": "
     "\"critical\", \"since\": \"2026-11-26T00:00:00Z\"}, {\"id\": \"2\", \"severity\": "
     "\"critical\"}, {\"id\": \"3\", \"severity\": \"high\"}, {\"id\": \"4\", \"severity\": "
     "\"low\"}]}",
     "{\"deadlines\": {\"1\": \"2026-11-27T00:00:00Z\", \"2\": null, \"3\": "
     "\"2026-12-04T12:00:00Z\", \"4\": null}, \"waivers\": [\"2\"]}"},
    {"a value that is neither true nor false",
     HEAD "rules: { a: { when: .subject, decide: allow } }\n", "\"subject\": \"rebuild\"",
     "rule \"a\": its jq gave a value of kind string"},
    {"jq that fails", HEAD "rules: { a: { when: '.subject.x', decide: allow } }\n",
     "\"subject\": \"rebuild\"", "rule \"a\": its jq failed: Cannot index string"},
    {"jq that gives nothing", HEAD "rules: { a: { when: 'empty', decide: allow } }\n",
     "\"subject\": \"rebuild\"", "rule \"a\": its jq gave nothing"},
    {"jq that ends the program", HEAD "rules: { a: { when: 'halt', decide: allow } }\n",
     "\"subject\": \"rebuild\"", "rule \"a\": its jq gave nothing"},
    {"a comment ends with its line",
     HEAD "rules: { a: { when: 'true # or not', decide: allow } }\n", "\"subject\": \"rebuild\"",
     "{\"decision\": \"allow\"}"},
};

static void check_case(size_t i, int status, const json_t *result, const struct rb_err *err)
{
    const char *wanted = CASES[i].wanted;
    if (*wanted != '{') {
        if (status != RB_EINVALID || strstr(err->text, wanted) == NULL)
            fail_msg("%s: %s", CASES[i].name, status == 0 ? "there is an answer" : err->text);
        return;
    }
    if (status != 0)
        fail_msg("%s: %s", CASES[i].name, err->text);
    RB_CLEANUP_JSON json_t *members = parse(wanted);
    if (!holds(result, members)) {
        RB_CLEANUP_FREE char *text = rb_json_canonical(result);
        fail_msg("%s: %s", CASES[i].name, text);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = read_policy(CASES[i].policy);
        RB_CLEANUP_FREE char *text = rb_asprintf("{" NOW ", %s}", CASES[i].input);
        RB_CLEANUP_JSON json_t *input = parse(text);
        RB_CLEANUP_JSON json_t *result = NULL;
        struct rb_err err;
        int status = rb_policy_decide(policy, input, &result, &err);
        check_case(i, status, result, &err);
    }
}

static void test_an_input_that_is_none(void **state)
{
    (void)state;
    static const char *const inputs[] = {"{}", "[]", "{\"subject\": \"rebuild\"}",
                                         "{\"subject\": 1, \"now\": \"2026-11-27T12:00:00Z\"}",
                                         "{\"subject\": \"rebuild\", \"now\": \"yesterday\"}"};
    RB_CLEANUP(rb_policy_cleanup)
    struct rb_policy *policy = read_policy(HEAD "rules: { a: { decide: allow } }\n");
    for (size_t i = 0; i < RB_COUNT_OF(inputs); i++) {
        RB_CLEANUP_JSON json_t *input = parse(inputs[i]);
        json_t *result;
        assert_int_equal(rb_policy_decide(policy, input, &result, NULL), RB_EINVALID);
    }
}

/* A policy sees the input, and nothing of the process or the machine. */
static void test_nothing_but_the_input(void **state)
{
    (void)state;
    static const char *const texts[] = {"try (input | true) catch false",
                                        "try (input_filename | . != null) catch false"};
    for (size_t i = 0; i < RB_COUNT_OF(texts); i++) {
        RB_CLEANUP_FREE char *text = rb_asprintf(
            HEAD "rules: { a: { when: '%s', decide: refuse }, b: { decide: allow } }\n", texts[i]);
        RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = read_policy(text);
        RB_CLEANUP_JSON json_t *input = parse("{" NOW ", \"subject\": \"rebuild\"}");
        RB_CLEANUP_JSON json_t *result = NULL;
        assert_int_equal(rb_policy_decide(policy, input, &result, NULL), 0);
        assert_string_equal(rb_json_get_string(result, "decision", ""), "allow");
    }
}

static const struct {
    const char *name;
    const char *policy;
    const char *message; /* of the first diagnostic */
    int line;
} BAD[] = {
    {"jq that is none",
     HEAD "rules:\n  a: { decide: allow }\n  b: { when: '.x ==', decide: allow }\n",
     "rule \"b\": when: syntax error", 5},
    {"a function that there is not", HEAD "rules:\n  a: { when: 'nothing(1)', decide: allow }\n",
     "rule \"a\": when: nothing/1 is not", 4},
    {"a module", HEAD "rules:\n  a: { when: 'include \"x\"; true', decide: allow }\n",
     "rule \"a\": when:", 4},
    {"a window of a zone that there is not",
     HEAD "windows:\n  w: { recurrence: FREQ=DAILY, start: \"22:00\", for: 1h, timezone: X }\n"
          "rules: { a: { decide: allow } }\n",
     "window \"w\": timezone \"X\"", 4},
    {"a window that a rule is in",
     HEAD "windows:\n  w: { recurrence: X, start: \"22:00\", for: 1h }\n"
          "rules: { a: { during: w, decide: allow } }\n",
     "window \"w\": recurrence \"X\"", 4},
    {"what extends nothing", HEAD "extends: nothing.yaml\n",
     "policy: extends \"nothing.yaml\":", 3},
};

static void test_what_is_no_policy(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(BAD); i++) {
        RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
        struct rb_policy *policy;
        const char *text = BAD[i].policy;
        assert_true(rb_policy_parse(text, strlen(text), "test.yaml", &policy, &diagnostics, NULL) <
                    0);
        if (diagnostics.count != 1 || diagnostics.items[0].place.line != BAD[i].line ||
            !rb_text_starts_with(diagnostics.items[0].message, BAD[i].message))
            fail_msg("%s: %zu found; line %d: %s", BAD[i].name, diagnostics.count,
                     diagnostics.count == 0 ? 0 : diagnostics.items[0].place.line,
                     diagnostics.count == 0 ? "" : diagnostics.items[0].message);
    }
}

static void test_what_is_extended_comes_behind(void **state)
{
    (void)state;
    RB_CLEANUP(rb_policy_cleanup)
    struct rb_policy *policy = read_policy(
        HEAD
        "extends: regulated\nsla: { high: 3d }\nrules: { mine: { when: .x, decide: refuse } }\n");
    RB_CLEANUP_JSON json_t *input =
        parse("{" NOW ", \"subject\": \"rebuild\", \"vulnerability\": {\"closes\": [{\"id\": "
              "\"1\", \"severity\": \"high\"}]}}");
    RB_CLEANUP_JSON json_t *result = NULL;
    assert_string_equal(rb_policy_rule_name(policy, 0), "mine");
    assert_int_equal(rb_policy_decide(policy, input, &result, NULL), 0);
    assert_string_equal(rb_json_get_string(result, "rule", ""), "high-fix");
    assert_string_equal(rb_json_get_string(result, "deadline", ""), "2026-11-30T12:00:00Z");
}

static void test_a_rule_of_the_same_name_takes_the_others_place(void **state)
{
    (void)state;
    RB_CLEANUP(rb_policy_cleanup)
    struct rb_policy *policy = read_policy(
        HEAD "extends: regulated\nrules: { approved-build: { subject: [rebuild], when: false, "
             "decide: hold } }\n");
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *other = NULL;
    RB_CLEANUP_JSON json_t *input = parse("{" NOW ", \"subject\": \"rebuild\"}");
    RB_CLEANUP_JSON json_t *result = NULL;
    assert_int_equal(rb_policy_builtin("regulated", &other, NULL), 0);
    assert_int_equal(rb_policy_rule_count(policy), rb_policy_rule_count(other));
    assert_int_equal(rb_policy_decide(policy, input, &result, NULL), 0);
    assert_string_equal(rb_json_get_string(result, "rule", ""), "build");
}

static void test_builtins_are_policies(void **state)
{
    (void)state;
    size_t count = 0;
    for (const char *const *name = rb_policy_builtin_names; *name != NULL; name++, count++) {
        RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
        struct rb_err err;
        if (rb_policy_builtin(*name, &policy, &err) != 0)
            fail_msg("%s: %s", *name, err.text);
        assert_string_equal(rb_policy_name(policy), *name);
    }
    assert_int_equal(count, 3);
    struct rb_policy *none;
    assert_int_equal(rb_policy_builtin("none", &none, NULL), RB_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_an_input_that_is_none),
        cmocka_unit_test(test_nothing_but_the_input),
        cmocka_unit_test(test_what_is_no_policy),
        cmocka_unit_test(test_what_is_extended_comes_behind),
        cmocka_unit_test(test_a_rule_of_the_same_name_takes_the_others_place),
        cmocka_unit_test(test_builtins_are_policies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
