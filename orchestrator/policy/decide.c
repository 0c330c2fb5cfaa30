/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are read from the top. Each that matches sets what nothing has set yet; the first that
 * matches and decides ends the reading. A hold all of whose `until` is so decides nothing any more.
 * docs/decisions/0051-how-rules-are-read.md says why.
 */
#include <string.h>

#include "policy_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

/* One input while it is decided on. */
struct reading {
    struct rb_policy *policy;
    const json_t *input;
    const char *subject;
    int64_t now_at;
    jv value; /* the input as jq has it */
    struct policy_outcome outcome;
};

static bool is_about(const struct rb_policy_rule *rule, const char *subject)
{
    if (rule->subjects == NULL)
        return true;
    for (const char *const *at = rule->subjects; *at != NULL; at++) {
        if (strcmp(*at, subject) == 0)
            return true;
    }
    return false;
}

/* A later time of two, of which 0 is "never said". */
static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Is it the time for the rule? *ret_until_at: until when, as far as that is known. */
static bool is_in_time(const struct policy_rule *rule, int64_t now_at, int64_t *ret_until_at)
{
    *ret_until_at = 0;
    if (rule->during != NULL) {
        struct rb_calendar_state state = rb_calendar_at(rule->during, now_at);
        if (!state.open)
            return false;
        *ret_until_at = state.until_at;
    }
    if (rule->outside != NULL) {
        struct rb_calendar_state state = rb_calendar_at(rule->outside, now_at);
        if (state.open)
            return false;
        *ret_until_at = later(*ret_until_at, state.until_at);
    }
    return true;
}

static void note_rule(const struct rb_policy *policy, const char *name)
{
    if (policy->current == NULL)
        return;
    size_t size = strnlen(name, policy->current_size - 1);
    memcpy(policy->current, name, size);
    policy->current[size] = '\0';
}

static int match(struct reading *reading, size_t index, bool *ret_matches, struct rb_err *err)
{
    const struct rb_policy_rule *rule = reading->policy->models[index];
    struct rb_err why;
    *ret_matches = true;
    if (rule->when == NULL)
        return 0;
    note_rule(reading->policy, rule->name);
    int status = jq_rules_match(reading->policy->jq, index, reading->value, ret_matches, &why);
    note_rule(reading->policy, "");
    return status == 0 ? 0 : rb_err_set(err, RB_EINVALID, "rule \"%s\": %s", rule->name, why.text);
}

static int64_t settled_at(const struct reading *reading, int64_t settled_ms)
{
    int64_t since_ms = rb_json_get_integer(reading->input, "settledFor", 0) * 1000;
    return reading->now_at + settled_ms - since_ms;
}

static bool tests_passed(const json_t *input)
{
    return rb_text_equal(rb_json_get_string(json_object_get(input, "tests"), "last", NULL),
                         "passed");
}

/* Does the hold stand still? Without an `until` it does as long as the rule matches. */
static bool holds(const struct reading *reading, const struct rb_policy_until *until)
{
    bool asks = until->approvals > 0 || until->settled_ms > 0 || until->tests;
    bool approved =
        policy_approvals_given(until, reading->input, reading->now_at) >= until->approvals;
    bool settled =
        until->settled_ms == 0 || settled_at(reading, until->settled_ms) <= reading->now_at;
    bool tested = !until->tests || tests_passed(reading->input);
    return !asks || !approved || !settled || !tested;
}

/* Does the rule end the reading? */
static bool decides(const struct reading *reading, const struct rb_policy_rule *rule)
{
    switch (rule->effect) {
    case RB_POLICY_EFFECT_NONE:
        return false;
    case RB_POLICY_EFFECT_HOLD:
        return holds(reading, &rule->until);
    case RB_POLICY_EFFECT_ALLOW:
    case RB_POLICY_EFFECT_REFUSE:
        break;
    }
    return true;
}

static int read_rule(struct reading *reading, size_t index, struct rb_err *err)
{
    const struct policy_rule *rule = &reading->policy->rules[index];
    const struct rb_policy_rule *model = rule->model;
    int64_t until_at;
    bool matches;
    if (!is_about(model, reading->subject) || !is_in_time(rule, reading->now_at, &until_at))
        return 0;
    int status = match(reading, index, &matches, err);
    if (status != 0 || !matches)
        return status;
    rb_json_append_string(reading->outcome.matched, model->name);
    policy_set_how(reading->outcome.how, &model->how, reading->input, reading->now_at);
    if (!decides(reading, model))
        return 0;
    reading->outcome.decided = rule;
    if (model->effect != RB_POLICY_EFFECT_HOLD)
        return 0;
    if (model->until.settled_ms > 0)
        until_at = later(until_at, settled_at(reading, model->until.settled_ms));
    reading->outcome.until_at = until_at;
    return 0;
}

static int read_rules(struct reading *reading, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0;
         status == 0 && reading->outcome.decided == NULL && i < reading->policy->rule_count; i++)
        status = read_rule(reading, i, err);
    return status;
}

static int check_input(struct reading *reading, struct rb_err *err)
{
    const char *now;
    int status =
        rb_json_want_string(reading->input, "the input", "subject", &reading->subject, err);
    if (status == 0)
        status = rb_json_want_string(reading->input, "the input", "now", &now, err);
    return status == 0 ? rb_time_parse(now, &reading->now_at, err) : status;
}

int rb_policy_decide(struct rb_policy *policy, const json_t *input, json_t **ret_result,
                     struct rb_err *err)
{
    struct reading reading = {.policy = policy, .input = input};
    int status = check_input(&reading, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *how = rb_json_object();
    RB_CLEANUP_JSON json_t *matched = rb_json_array();
    RB_CLEANUP_JSON json_t *waived = rb_json_array();
    RB_CLEANUP_JSON json_t *without = policy_waive(policy, input, reading.now_at, waived);
    if (without != NULL)
        reading.input = without;
    reading.outcome = (struct policy_outcome){
        .now_at = reading.now_at, .how = how, .matched = matched, .waived = waived};
    reading.value = jq_value_of(reading.input);
    status = read_rules(&reading, err);
    jv_free(reading.value);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *deadlines =
        strcmp(reading.subject, "exposure") == 0
            ? policy_deadlines(policy, reading.input, reading.now_at)
            : NULL;
    reading.outcome.deadlines = deadlines;
    reading.outcome.deadline_at = policy_deadline(policy, reading.input, reading.now_at);
    *ret_result = policy_result(&reading.outcome, reading.input);
    return 0;
}
