/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/pipelines/policy_file.h"

#include <string.h>

#include "document.h"
#include "model.h"
#include "policy_parts.h"
#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

struct owned {
    struct rb_policy_file model;
    struct rb_arena *arena;
};

struct draft {
    const char *api_version;
    const char *name;
    const char *extends;
    const struct rb_node *windows;
    const struct rb_node *rules;
    const struct rb_node *waivers;
    struct rb_policy_sla sla;
};

struct waiver_draft {
    struct rb_policy_waiver model;
    const char *until;
};

#define AT(member)        offsetof(struct draft, member)
#define WINDOW_AT(member) offsetof(struct rb_policy_window, member)
#define WAIVER_AT(member) offsetof(struct waiver_draft, member)

#define SLA_FIELD(word, field, text)                                                               \
    {                                                                                              \
        .key = (word), .kind = RB_FIELD_SPAN, .offset = AT(sla.field), .least = "1s",              \
        .most = "3650d", .example = (text)                                                         \
    }

static const struct rb_field sla_fields[] = {SLA_FIELD("exploited", exploited_ms, "exploited: 7d"),
                                             SLA_FIELD("critical", critical_ms, "critical: 7d"),
                                             SLA_FIELD("high", high_ms, "high: 7d"),
                                             SLA_FIELD("medium", medium_ms, "medium: 7d"),
                                             SLA_FIELD("low", low_ms, "low: 7d"),
                                             {.key = NULL}};

const struct rb_field rb_policy_fields[] = {
    {.key = "apiVersion",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(api_version),
     .read = rb_value_api_version,
     .example = "apiVersion: rebake/v1"},
    {.key = "policy",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = AT(name),
     .read = rb_value_name,
     .example = "policy: NAME"},
    {.key = "extends",
     .kind = RB_FIELD_TEXT,
     .offset = AT(extends),
     .read = rb_value_word,
     .example = "extends: baseline"},
    {.key = "windows",
     .kind = RB_FIELD_ITEMS,
     .offset = AT(windows),
     .example = "windows: { nights: { recurrence: FREQ=DAILY, start: \"22:00\", for: 6h } }"},
    {.key = "sla",
     .kind = RB_FIELD_BLOCK,
     .block = sla_fields,
     .example = "sla: { critical: 24h }"},
    {.key = "waivers",
     .kind = RB_FIELD_ITEMS,
     .offset = AT(waivers),
     .example = "waivers: { NAME: { advisory: CVE-…, owner: ann, reason: …, until: 2027-01-31 } }"},
    {.key = "rules",
     .kind = RB_FIELD_ITEMS,
     .offset = AT(rules),
     .example = "rules: { NAME: { when: .threat.kev, decide: allow } }"},
    {.key = NULL}};

const struct rb_field rb_policy_window_fields[] = {{.key = "recurrence",
                                                    .kind = RB_FIELD_TEXT,
                                                    .offset = WINDOW_AT(recurrence),
                                                    .read = rb_value_word,
                                                    .example = "recurrence: FREQ=DAILY"},
                                                   {.key = "start",
                                                    .kind = RB_FIELD_TEXT,
                                                    .required = true,
                                                    .offset = WINDOW_AT(start),
                                                    .read = rb_value_window_start,
                                                    .example = "start: \"22:00\""},
                                                   {.key = "for",
                                                    .kind = RB_FIELD_SPAN,
                                                    .required = true,
                                                    .offset = WINDOW_AT(for_ms),
                                                    .least = "1m",
                                                    .most = "366d",
                                                    .example = "for: 6h"},
                                                   {.key = "timezone",
                                                    .kind = RB_FIELD_TEXT,
                                                    .offset = WINDOW_AT(timezone),
                                                    .read = rb_value_word,
                                                    .example = "timezone: Europe/Berlin"},
                                                   {.key = NULL}};

const struct rb_field rb_policy_waiver_fields[] = {{.key = "advisory",
                                                    .kind = RB_FIELD_TEXT,
                                                    .required = true,
                                                    .offset = WAIVER_AT(model.advisory),
                                                    .read = rb_value_word,
                                                    .example = "advisory: CVE-2027-12345"},
                                                   {.key = "for",
                                                    .kind = RB_FIELD_SET,
                                                    .offset = WAIVER_AT(model.subjects),
                                                    .read = rb_value_word,
                                                    .example = "for: [shop/app]"},
                                                   {.key = "owner",
                                                    .kind = RB_FIELD_TEXT,
                                                    .required = true,
                                                    .offset = WAIVER_AT(model.owner),
                                                    .read = rb_value_word,
                                                    .example = "owner: ann"},
                                                   {.key = "reason",
                                                    .kind = RB_FIELD_TEXT,
                                                    .required = true,
                                                    .offset = WAIVER_AT(model.reason),
                                                    .read = rb_value_word,
                                                    .example = "reason: why it does not matter"},
                                                   {.key = "until",
                                                    .kind = RB_FIELD_TEXT,
                                                    .required = true,
                                                    .offset = WAIVER_AT(until),
                                                    .read = rb_value_time,
                                                    .example = "until: 2027-01-31"},
                                                   {.key = NULL}};

static struct rb_place place_of(const struct rb_decode *decode, struct rb_mark mark)
{
    return (struct rb_place){decode->report->file, mark.line, mark.column};
}

static const char *subject_of(const struct rb_decode *decode, const char *what,
                              const struct rb_pair *pair)
{
    return rb_arena_printf(decode->arena, "%s %s", what,
                           rb_report_quote(decode->arena, pair->key->text));
}

static void read_window(const struct rb_decode *decode, const struct rb_pair *pair,
                        struct rb_policy_window *window)
{
    *window = (struct rb_policy_window){.name = rb_item_name(decode, pair->key, "window"),
                                        .place = place_of(decode, pair->key->mark),
                                        .timezone = "UTC"};
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "windows", pair->key->text,
                          "NAME: { recurrence: FREQ=DAILY, start: \"22:00\", for: 6h }"))
        return;
    const char *subject = subject_of(decode, "window", pair);
    rb_decode_block(decode, pair->value, pair->key->mark, subject, rb_policy_window_fields, window);
    bool is_once = rb_decode_find(pair->value, "recurrence") == NULL;
    if (is_once && window->start != NULL && strchr(window->start, '-') == NULL)
        rb_report_add(decode->report, pair->key->mark,
                      "write recurrence: FREQ=DAILY, or the day: start: 2026-12-23T18:00",
                      "%s: is at a time of no day", subject);
}

static void read_waiver(const struct rb_decode *decode, const struct rb_pair *pair,
                        struct rb_policy_waiver *waiver)
{
    struct waiver_draft draft = {.model.place = place_of(decode, pair->key->mark)};
    (void)rb_item_name(decode, pair->key, "waiver");
    if (!rb_decode_expect(decode, pair->value, RB_NODE_MAPPING, "waivers", pair->key->text,
                          "NAME: { advisory: CVE-…, owner: ann, reason: …, until: 2027-01-31 }"))
        return;
    rb_decode_block(decode, pair->value, pair->key->mark, subject_of(decode, "waiver", pair),
                    rb_policy_waiver_fields, &draft);
    *waiver = draft.model;
    if (draft.until != NULL && rb_time_parse(draft.until, &waiver->until_at, NULL) != 0)
        waiver->until_at = 0;
}

static void build(const struct rb_decode *decode, const struct rb_node *root,
                  struct rb_policy_file *model)
{
    struct draft draft = {.name = ""};
    rb_decode_block(decode, root, root->mark, "policy", rb_policy_fields, &draft);
    model->name = draft.name;
    model->extends = draft.extends;
    if (draft.extends != NULL)
        model->extends_place = place_of(decode, rb_decode_find(root, "extends")->mark);
    model->sla = draft.sla;
    model->window_count = draft.windows == NULL ? 0 : draft.windows->count;
    struct rb_policy_window *windows =
        rb_arena_array(decode->arena, model->window_count, sizeof(*windows));
    for (size_t i = 0; i < model->window_count; i++)
        read_window(decode, &draft.windows->pairs[i], &windows[i]);
    model->windows = windows;
    model->waiver_count = draft.waivers == NULL ? 0 : draft.waivers->count;
    struct rb_policy_waiver *waivers =
        rb_arena_array(decode->arena, model->waiver_count, sizeof(*waivers));
    for (size_t i = 0; i < model->waiver_count; i++)
        read_waiver(decode, &draft.waivers->pairs[i], &waivers[i]);
    model->waivers = waivers;
    struct rb_policy_windows named = {windows, model->window_count};
    model->rules = rb_policy_rules_read(decode, draft.rules, &named, &model->rule_count);
    if (model->rule_count == 0 && model->extends == NULL && draft.rules == NULL)
        rb_report_add(decode->report, root->mark, "write rules: { NAME: { decide: allow } }",
                      "policy: has no \"rules\" and extends none");
}

int rb_policy_file_parse(const char *data, size_t size, const char *name,
                         struct rb_policy_file **ret_file, struct rb_diagnostics *diagnostics,
                         struct rb_err *err)
{
    if (size > RB_TREE_BYTES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", name,
                          RB_TREE_BYTES_MAXIMUM);
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.file = rb_arena_strdup(owned->arena, name);
    struct rb_report report = {.diagnostics = diagnostics, .file = owned->model.file};
    struct rb_decode decode = {.arena = owned->arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a policy file");
    if (root != NULL)
        build(&decode, root, &owned->model);
    int status = rb_document_verdict(&report, err);
    if (status == 0)
        *ret_file = &owned->model;
    else
        rb_policy_file_free(&owned->model);
    return status;
}

int rb_policy_file_read(const char *path, struct rb_policy_file **ret_file,
                        struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, RB_TREE_BYTES_MAXIMUM, &data, &size, err);
    if (status != 0)
        return status;
    return rb_policy_file_parse(data, size, path, ret_file, diagnostics, err);
}

void rb_policy_file_free(struct rb_policy_file *file)
{
    if (file == NULL)
        return;
    struct owned *owned = rb_container_of(file, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}
