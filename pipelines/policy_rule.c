/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"
#include "policy_parts.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

struct draft {
    struct rb_policy_rule model;
    const char *decide;
    const char *approvals;
    const char *tests;
    const struct rb_node *during;
    const struct rb_node *outside;
    struct rb_pairs arguments;
};

#define AT(member) offsetof(struct draft, member)

static const struct rb_field until_fields[] = {{.key = "approvals",
                                                .kind = RB_FIELD_TEXT,
                                                .offset = AT(approvals),
                                                .read = rb_value_count,
                                                .example = "approvals: 2"},
                                               {.key = "by",
                                                .kind = RB_FIELD_SET,
                                                .offset = AT(model.until.approvers),
                                                .read = rb_value_word,
                                                .example = "by: [ann, bob]"},
                                               {.key = "settled",
                                                .kind = RB_FIELD_SPAN,
                                                .offset = AT(model.until.settled_ms),
                                                .least = "1s",
                                                .most = "30d",
                                                .example = "settled: 10m"},
                                               {.key = "tests",
                                                .kind = RB_FIELD_TEXT,
                                                .offset = AT(tests),
                                                .read = rb_value_policy_tests,
                                                .example = "tests: passed"},
                                               {.key = NULL}};

static const struct rb_field budget_fields[] = {{.key = "name",
                                                 .kind = RB_FIELD_TEXT,
                                                 .offset = AT(model.how.budget),
                                                 .read = rb_value_name,
                                                 .example = "name: shop"},
                                                {.key = "a-day",
                                                 .kind = RB_FIELD_SPAN,
                                                 .required = true,
                                                 .offset = AT(model.how.budget_ms),
                                                 .least = "1m",
                                                 .most = "3650d",
                                                 .example = "a-day: 10h"},
                                                {.key = NULL}};

static const struct rb_field concurrency_fields[] = {{.key = "name",
                                                      .kind = RB_FIELD_TEXT,
                                                      .offset = AT(model.how.concurrency),
                                                      .read = rb_value_name,
                                                      .example = "name: large"},
                                                     {.key = "most",
                                                      .kind = RB_FIELD_TEXT,
                                                      .required = true,
                                                      .offset = AT(model.how.most),
                                                      .read = rb_value_count,
                                                      .example = "most: 2"},
                                                     {.key = NULL}};

static const struct rb_field require_fields[] = {{.key = "selinux",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(model.how.selinux),
                                                  .read = rb_value_policy_selinux,
                                                  .example = "selinux: enforcing"},
                                                 {.key = NULL}};

static const struct rb_field set_fields[] = {
    {.key = "priority",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.how.priority),
     .read = rb_value_priority,
     .example = "priority: 80"},
    {.key = "urgent",
     .kind = RB_FIELD_BOOL,
     .offset = AT(model.how.urgent),
     .example = "urgent: true"},
    {.key = "supersede",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.how.supersede),
     .read = rb_value_policy_supersede,
     .example = "supersede: cancel"},
    {.key = "bisect",
     .kind = RB_FIELD_BOOL,
     .offset = AT(model.how.bisect),
     .example = "bisect: true"},
    {.key = "deadline",
     .kind = RB_FIELD_SPAN,
     .offset = AT(model.how.deadline_ms),
     .least = "1s",
     .most = "3650d",
     .example = "deadline: 24h"},
    {.key = "builder-class",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.how.builder_class),
     .read = rb_value_name,
     .example = "builder-class: large"},
    {.key = "executor",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.how.executor),
     .read = rb_value_name,
     .example = "executor: slurm"},
    {.key = "base",
     .kind = RB_FIELD_TEXT,
     .offset = AT(model.how.base),
     .read = rb_value_word,
     .example = "base: registry.example.com/debian@sha256:…"},
    {.key = "arguments",
     .kind = RB_FIELD_PAIRS,
     .offset = AT(arguments),
     .read = rb_value_argument,
     .example = "arguments: { NAME: value }"},
    {.key = "waves",
     .kind = RB_FIELD_WORDS,
     .offset = AT(model.how.waves),
     .read = rb_value_word,
     .example = "waves: [canary, \"25%\", all]"},
    {.key = "budget",
     .kind = RB_FIELD_BLOCK,
     .block = budget_fields,
     .example = "budget: { a-day: 10h }"},
    {.key = "concurrency",
     .kind = RB_FIELD_BLOCK,
     .block = concurrency_fields,
     .example = "concurrency: { most: 2 }"},
    {.key = "require",
     .kind = RB_FIELD_BLOCK,
     .block = require_fields,
     .example = "require: { selinux: enforcing }"},
    {.key = NULL}};

const struct rb_field rb_policy_rule_fields[] = {{.key = "subject",
                                                  .kind = RB_FIELD_SET,
                                                  .offset = AT(model.subjects),
                                                  .read = rb_value_policy_subject,
                                                  .example = "subject: [rebuild]"},
                                                 {.key = "when",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(model.when),
                                                  .read = rb_value_word,
                                                  .example = "when: .threat.kev"},
                                                 {.key = "during",
                                                  .kind = RB_FIELD_NAME,
                                                  .offset = AT(during),
                                                  .example = "during: NAME of a window"},
                                                 {.key = "outside",
                                                  .kind = RB_FIELD_NAME,
                                                  .offset = AT(outside),
                                                  .example = "outside: NAME of a window"},
                                                 {.key = "decide",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(decide),
                                                  .read = rb_value_policy_decide,
                                                  .example = "decide: allow"},
                                                 {.key = "reason",
                                                  .kind = RB_FIELD_TEXT,
                                                  .offset = AT(model.reason),
                                                  .read = rb_value_word,
                                                  .example = "reason: what a person should know"},
                                                 {.key = "until",
                                                  .kind = RB_FIELD_BLOCK,
                                                  .filled = true,
                                                  .block = until_fields,
                                                  .example = "until: { approvals: 2 }"},
                                                 {.key = "set",
                                                  .kind = RB_FIELD_BLOCK,
                                                  .filled = true,
                                                  .block = set_fields,
                                                  .example = "set: { priority: 80 }"},
                                                 {.key = NULL}};

static const struct rb_policy_window *find_window(const struct rb_decode *decode,
                                                  const struct rb_node *node, const char *subject,
                                                  const char *key,
                                                  const struct rb_policy_windows *windows)
{
    if (node == NULL)
        return NULL;
    for (size_t i = 0; i < windows->count; i++) {
        if (rb_text_equal(windows->items[i].name, node->text))
            return &windows->items[i];
    }
    rb_report_add(decode->report, node->mark, "write the name of one of the file's windows",
                  "%s: \"%s\" names %s, and there is no such window", subject, key,
                  rb_report_quote(decode->arena, node->text));
    return NULL;
}

static enum rb_policy_effect effect_of(const char *decide)
{
    if (decide == NULL)
        return RB_POLICY_EFFECT_NONE;
    return rb_text_equal(decide, "allow")  ? RB_POLICY_EFFECT_ALLOW
           : rb_text_equal(decide, "hold") ? RB_POLICY_EFFECT_HOLD
                                           : RB_POLICY_EFFECT_REFUSE;
}

/* What the tables cannot say: which keys go together. */
static void check(const struct rb_decode *decode, const struct rb_node *node, struct rb_mark mark,
                  const char *subject, const struct draft *draft)
{
    bool sets = rb_decode_find(node, "set") != NULL;
    const struct rb_node *until = rb_decode_find(node, "until");
    if (rb_decode_find(node, "decide") == NULL && !sets)
        rb_report_add(decode->report, mark, "write decide: allow, or set: { priority: 80 }",
                      "%s: has neither \"decide\" nor \"set\"", subject);
    if (until != NULL && draft->model.effect != RB_POLICY_EFFECT_HOLD && draft->decide != NULL)
        rb_report_add(decode->report, until->mark, "write decide: hold, or remove it",
                      "%s: \"until\" is for rules that hold", subject);
    if (until != NULL && draft->model.until.approvers != NULL && draft->approvals == NULL)
        rb_report_add(decode->report, until->mark, "write approvals: 1",
                      "%s: until: \"by\" is for approvals, and none is wanted", subject);
}

static void read_rule(const struct rb_decode *decode, const struct rb_pair *pair,
                      const struct rb_policy_windows *windows, struct rb_policy_rule *rule)
{
    struct rb_mark mark = pair->key->mark;
    struct draft draft = {.model = {.name = rb_item_name(decode, pair->key, "rule"),
                                    .place = {decode->report->file, mark.line, mark.column}}};
    const char *subject =
        rb_arena_printf(decode->arena, "rule %s", rb_report_quote(decode->arena, pair->key->text));
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "rules", pair->key->text,
                          "NAME: { when: .threat.kev, decide: allow }"))
        return;
    rb_decode_block(decode, pair->value, mark, subject, rb_policy_rule_fields, &draft);
    struct rb_policy_rule *model = &draft.model;
    model->during = find_window(decode, draft.during, subject, "during", windows);
    model->outside = find_window(decode, draft.outside, subject, "outside", windows);
    model->effect = effect_of(draft.decide);
    model->until.tests = draft.tests != NULL;
    model->how.arguments = draft.arguments.items;
    model->how.argument_count = draft.arguments.count;
    uint64_t approvals = 0;
    if (draft.approvals != NULL && rb_text_to_u64(draft.approvals, &approvals))
        model->until.approvals = (int)approvals;
    const struct rb_node *when = rb_decode_find(pair->value, "when");
    if (when != NULL)
        model->when_place =
            (struct rb_place){decode->report->file, when->mark.line, when->mark.column};
    check(decode, pair->value, mark, subject, &draft);
    *rule = draft.model;
}

const struct rb_policy_rule *rb_policy_rules_read(const struct rb_decode *decode,
                                                  const struct rb_node *items,
                                                  const struct rb_policy_windows *windows,
                                                  size_t *ret_count)
{
    *ret_count = items == NULL ? 0 : items->count;
    struct rb_policy_rule *rules = rb_arena_array(decode->arena, *ret_count, sizeof(*rules));
    for (size_t i = 0; i < *ret_count; i++)
        read_rule(decode, &items->pairs[i], windows, &rules[i]);
    return rules;
}
