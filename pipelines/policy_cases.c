/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/policy_cases.h"

#include "document.h"
#include "model.h"
#include "node_json.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

struct owned {
    struct rb_policy_cases model;
    struct rb_policy_case *items;
    struct rb_arena *arena;
};

struct draft {
    const char *api_version;
    const char *policy;
    const struct rb_node *cases;
};

struct case_draft {
    const struct rb_node *input;
    const struct rb_node *expect;
};

#define AT(member)      offsetof(struct draft, member)
#define CASE_AT(member) offsetof(struct case_draft, member)

static const struct rb_field fields[] = {
    {.key = "apiVersion",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(api_version),
     .read = rb_value_api_version,
     .example = "apiVersion: rebake/v1"},
    {.key = "policy-test",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(policy),
     .read = rb_value_word,
     .example = "policy-test: policy.yaml"},
    {.key = "cases",
     .kind = RB_FIELD_ITEMS,
     .required = true,
     .filled = true,
     .offset = AT(cases),
     .example = "cases: { NAME: { input: { subject: rebuild }, expect: { decision: allow } } }"},
    {.key = NULL}};

static const struct rb_field case_fields[] = {{.key = "input",
                                               .kind = RB_FIELD_ITEMS,
                                               .required = true,
                                               .filled = true,
                                               .offset = CASE_AT(input),
                                               .example = "input: { subject: rebuild }"},
                                              {.key = "expect",
                                               .kind = RB_FIELD_ITEMS,
                                               .required = true,
                                               .filled = true,
                                               .offset = CASE_AT(expect),
                                               .example = "expect: { decision: allow }"},
                                              {.key = NULL}};

static void read_case(const struct rb_decode *decode, const struct rb_pair *pair,
                      struct rb_policy_case *item)
{
    struct rb_mark mark = pair->key->mark;
    struct case_draft draft = {0};
    item->name = pair->key->text;
    item->place = (struct rb_place){decode->report->file, mark.line, mark.column};
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "cases", pair->key->text,
                          "NAME: { input: { subject: rebuild }, expect: { decision: allow } }"))
        return;
    rb_decode_block(
        decode, pair->value, mark,
        rb_arena_printf(decode->arena, "case %s", rb_report_quote(decode->arena, pair->key->text)),
        case_fields, &draft);
    if (draft.input == NULL || draft.expect == NULL)
        return;
    item->input = rb_node_to_json(draft.input);
    item->wanted = rb_node_to_json(draft.expect);
}

static void build(const struct rb_decode *decode, const struct rb_node *root, struct owned *owned)
{
    struct draft draft = {0};
    rb_decode_block(decode, root, root->mark, "policy-test", fields, &draft);
    owned->model.policy = draft.policy;
    owned->model.count = draft.cases == NULL ? 0 : draft.cases->count;
    owned->items = rb_arena_array(decode->arena, owned->model.count, sizeof(*owned->items));
    owned->model.items = owned->items;
    for (size_t i = 0; i < owned->model.count; i++)
        read_case(decode, &draft.cases->pairs[i], &owned->items[i]);
}

int rb_policy_cases_read(const char *path, struct rb_policy_cases **ret_cases,
                         struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, RB_TREE_BYTES_MAXIMUM, &data, &size, err);
    if (status != 0)
        return status;
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.file = rb_arena_strdup(owned->arena, path);
    struct rb_report report = {.diagnostics = diagnostics, .file = owned->model.file};
    struct rb_decode decode = {.arena = owned->arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a file of policy cases");
    if (root != NULL)
        build(&decode, root, owned);
    status = rb_document_verdict(&report, err);
    if (status == 0)
        *ret_cases = &owned->model;
    else
        rb_policy_cases_free(&owned->model);
    return status;
}

void rb_policy_cases_free(struct rb_policy_cases *cases)
{
    if (cases == NULL)
        return;
    struct owned *owned = rb_container_of(cases, struct owned, model);
    for (size_t i = 0; i < cases->count; i++) {
        json_decref(owned->items[i].input);
        json_decref(owned->items[i].wanted);
    }
    rb_arena_free(owned->arena);
    rb_free(owned);
}
