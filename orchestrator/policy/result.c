/* SPDX-License-Identifier: Apache-2.0 */
/* The answer as it is sent: what was decided, by which rule, and how it is to be done. */
#include <string.h>

#include "policy_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { REASON_MAXIMUM = 1000 };

static bool may_approve(const struct rb_policy_until *until, const char *who)
{
    if (until->approvers == NULL)
        return true;
    if (rb_text_starts_with(who, "user:"))
        who += strlen("user:");
    for (const char *const *at = until->approvers; *at != NULL; at++) {
        if (strcmp(*at, who) == 0)
            return true;
    }
    return false;
}

static bool is_in_force(const json_t *approval, int64_t now_at)
{
    const char *until = rb_json_get_string(approval, "until", NULL);
    int64_t until_at;
    return until == NULL || (rb_time_parse(until, &until_at, NULL) == 0 && until_at > now_at);
}

static bool spoke_before(const json_t *approvals, size_t index, const char *who)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(rb_json_get_string(json_array_get(approvals, i), "who", ""), who) == 0)
            return true;
    }
    return false;
}

int policy_approvals_given(const struct rb_policy_until *until, const json_t *input, int64_t now_at)
{
    const json_t *approvals = json_object_get(input, "approvals"), *approval;
    int count = 0;
    size_t i;
    json_array_foreach(approvals, i, approval)
    {
        const char *who = rb_json_get_string(approval, "who", "");
        count += *who != '\0' && may_approve(until, who) && is_in_force(approval, now_at) &&
                 !spoke_before(approvals, i, who);
    }
    return count;
}

static void set_text(json_t *how, const char *member, const char *text)
{
    if (text != NULL && json_object_get(how, member) == NULL)
        rb_json_set_string(how, member, text);
}

static void set_number(json_t *object, const char *member, const char *text)
{
    int64_t number;
    if (text != NULL && json_object_get(object, member) == NULL && rb_text_to_i64(text, &number))
        rb_json_set_integer(object, member, number);
}

static void set_flag(json_t *how, const char *member, bool is_set)
{
    if (is_set)
        rb_json_set_bool(how, member, true);
}

static void set_bounds(json_t *how, const struct rb_policy_how *set, const char *pipeline)
{
    static const int64_t MINUTE_MS = 60 * 1000;
    if (set->budget_ms > 0 && json_object_get(how, "budget") == NULL) {
        json_t *budget = rb_json_object();
        rb_json_set_string(budget, "name", set->budget != NULL ? set->budget : pipeline);
        rb_json_set_integer(budget, "minutesPerDay", set->budget_ms / MINUTE_MS);
        rb_json_set(how, "budget", budget);
    }
    if (set->most != NULL && json_object_get(how, "concurrency") == NULL) {
        json_t *concurrency = rb_json_object();
        rb_json_set_string(concurrency, "name",
                           set->concurrency != NULL ? set->concurrency : pipeline);
        set_number(concurrency, "most", set->most);
        rb_json_set(how, "concurrency", concurrency);
    }
    if (set->selinux != NULL && json_object_get(how, "require") == NULL) {
        json_t *require = rb_json_object();
        rb_json_set_string(require, "selinux", set->selinux);
        rb_json_set(how, "require", require);
    }
}

void policy_set_how(json_t *how, const struct rb_policy_how *set, const json_t *input,
                    int64_t now_at)
{
    set_number(how, "priority", set->priority);
    set_flag(how, "urgent", set->urgent);
    set_flag(how, "bisect", set->bisect);
    set_text(how, "supersede", set->supersede);
    set_text(how, "builderClass", set->builder_class);
    set_text(how, "executor", set->executor);
    set_text(how, "base", set->base);
    if (set->deadline_ms > 0 && json_object_get(how, "deadline") == NULL)
        rb_json_set_time(how, "deadline", now_at + set->deadline_ms);
    if (set->argument_count > 0 && json_object_get(how, "arguments") == NULL) {
        json_t *arguments = rb_json_object();
        for (size_t i = 0; i < set->argument_count; i++)
            rb_json_set_string(arguments, set->arguments[i].name, set->arguments[i].value);
        rb_json_set(how, "arguments", arguments);
    }
    if (set->waves != NULL && json_object_get(how, "waves") == NULL) {
        json_t *waves = rb_json_array();
        for (const char *const *wave = set->waves; *wave != NULL; wave++)
            rb_json_append_string(waves, *wave);
        rb_json_set(how, "waves", waves);
    }
    set_bounds(how, set, rb_json_get_string(input, "pipeline", ""));
}

/* What a hold waits for, and what is said of it beside the rule's own reason. */
static const char *describe_hold(const struct policy_outcome *outcome, const json_t *input,
                                 struct rb_strbuf *text, json_t *result)
{
    const struct rb_policy_rule *rule = outcome->decided->model;
    const struct rb_policy_until *until = &rule->until;
    char time[RB_TIME_TEXT_SIZE];
    int given = policy_approvals_given(until, input, outcome->now_at);
    if (outcome->until_at != 0) {
        rb_json_set_time(result, "until", outcome->until_at);
        rb_strbuf_printf(text, "; until %s", rb_time_format(outcome->until_at, time));
    }
    if (until->approvals > 0) {
        json_t *approvals = rb_json_object(), *from = rb_json_array();
        rb_json_set_integer(approvals, "wanted", until->approvals);
        rb_json_set_integer(approvals, "given", given);
        for (size_t i = 0; until->approvers != NULL && until->approvers[i] != NULL; i++)
            rb_json_append_string(from, until->approvers[i]);
        rb_json_set(approvals, "from", from);
        rb_json_set(result, "approvals", approvals);
    }
    if (given < until->approvals) {
        rb_strbuf_printf(text, "; %d of %d approvals given", given, until->approvals);
        return "approval";
    }
    if (until->tests)
        return "test";
    if (until->settled_ms > 0)
        return "settled";
    return outcome->until_at != 0 ? "time" : NULL;
}

static void add_decision(const struct policy_outcome *outcome, const json_t *input, json_t *result)
{
    static const char *const WORDS[] = {[RB_POLICY_EFFECT_NONE] = "hold",
                                        [RB_POLICY_EFFECT_ALLOW] = "allow",
                                        [RB_POLICY_EFFECT_HOLD] = "hold",
                                        [RB_POLICY_EFFECT_REFUSE] = "refuse"};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(REASON_MAXIMUM);
    const struct rb_policy_rule *rule = outcome->decided->model;
    rb_strbuf_printf(&text, "%s", rule->reason != NULL ? rule->reason : rule->name);
    rb_json_set_string(result, "decision", WORDS[rule->effect]);
    rb_json_set_string(result, "rule", rule->name);
    if (rule->effect == RB_POLICY_EFFECT_HOLD) {
        const char *waits_for = describe_hold(outcome, input, &text, result);
        if (waits_for != NULL)
            rb_json_set_string(result, "waitsFor", waits_for);
    }
    rb_json_set_string(result, "reason", rb_strbuf_text(&text));
}

json_t *policy_result(const struct policy_outcome *outcome, const json_t *input)
{
    json_t *result = rb_json_object();
    const char *member;
    json_t *value;
    if (outcome->decided != NULL) {
        add_decision(outcome, input, result);
    } else if (rb_text_equal(rb_json_get_string(input, "subject", NULL), "exposure")) {
        rb_json_set_string(result, "decision", "allow");
        rb_json_set_string(result, "rule", "sla");
        rb_json_set_string(result, "reason", "nobody is asked whether there is an exposure");
    } else {
        rb_json_set_string(result, "decision", "hold");
        rb_json_set_string(result, "rule", "none");
        rb_json_set_string(result, "reason", "no rule of the policy allows it");
    }
    json_object_foreach(outcome->how, member, value)
    {
        rb_json_set(result, member, json_incref(value));
    }
    if (outcome->deadline_at != 0 && json_object_get(result, "deadline") == NULL)
        rb_json_set_time(result, "deadline", outcome->deadline_at);
    if (outcome->deadlines != NULL)
        rb_json_set(result, "deadlines", json_incref(outcome->deadlines));
    rb_json_set(result, "rules", json_incref(outcome->matched));
    if (json_array_size(outcome->waived) > 0)
        rb_json_set(result, "waivers", json_incref(outcome->waived));
    return result;
}
