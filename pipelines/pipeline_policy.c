/* SPDX-License-Identifier: Apache-2.0 */
/* Which policy decides about a pipeline: what its key `policy` says. */
#include <string.h>

#include "document.h"
#include "model.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { TIMEOUT_MS = 2000, SERVERS_MAXIMUM = 16 };

static const char *const builtin_policies[] = {"baseline", "edge", "regulated", NULL};

static const char *read_file_name(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    if (*text == '/')
        return rb_value_refuse(complaint, "is absolute",
                               "write it relative to the folder of the pipeline file");
    return rb_value_recipe_file(arena, text, complaint);
}

static const char *read_url(struct rb_arena *arena, const char *text,
                            struct rb_complaint *complaint)
{
    const char *url = rb_value_file_url(arena, text, complaint);
    if (url == NULL && strstr(text, "://") == NULL)
        complaint->hint = "write for example https://opa.example.com/v1/data/rebake/decision";
    return url;
}

static const char *read_builtin(struct rb_arena *arena, const char *text,
                                struct rb_complaint *complaint)
{
    for (size_t i = 0; builtin_policies[i] != NULL; i++) {
        if (rb_text_equal(builtin_policies[i], text))
            return text;
    }
    const char *nearest = rb_text_nearest(text, builtin_policies);
    return rb_value_refuse(complaint, "is not a policy that comes with this program",
                           nearest != NULL ? rb_arena_printf(arena, "did you mean \"%s\"?", nearest)
                                           : "write baseline, edge or regulated");
}

#define AT(member) offsetof(struct rb_policy_choice, member)

static const struct rb_field bearer_fields[] = {{.key = "secret",
                                                 .kind = RB_FIELD_TEXT,
                                                 .required = true,
                                                 .offset = AT(bearer),
                                                 .read = rb_value_name,
                                                 .example = "secret: NAME"},
                                                {.key = NULL}};

const struct rb_field rb_policy_choice_fields[] = {
    {.key = "file",
     .kind = RB_FIELD_TEXT,
     .offset = AT(file),
     .read = read_file_name,
     .example = "file: policy.yaml"},
    {.key = "builtin",
     .kind = RB_FIELD_TEXT,
     .offset = AT(builtin),
     .read = read_builtin,
     .example = "builtin: baseline"},
    {.key = "url",
     .kind = RB_FIELD_SOME,
     .offset = AT(urls),
     .read = read_url,
     .example = "url: https://opa.example.com/v1/data/rebake/decision"},
    {.key = "timeout",
     .kind = RB_FIELD_SPAN,
     .offset = AT(timeout_ms),
     .least = "10ms",
     .most = "1m",
     .example = "timeout: 2s"},
    {.key = "bearer",
     .kind = RB_FIELD_BLOCK,
     .block = bearer_fields,
     .example = "bearer: { secret: NAME }"},
    {.key = NULL}};

static size_t count_servers(const struct rb_policy_choice *choice)
{
    size_t count = 0;
    while (choice->urls != NULL && choice->urls[count] != NULL)
        count++;
    return count;
}

static void check(const struct rb_decode *decode, const struct rb_node *node,
                  const struct rb_policy_choice *choice)
{
    int ways = (rb_decode_find(node, "file") != NULL) + (rb_decode_find(node, "builtin") != NULL) +
               (rb_decode_find(node, "url") != NULL);
    bool is_asked = rb_decode_find(node, "timeout") != NULL || choice->bearer != NULL;
    if (ways != 1)
        rb_report_add(decode->report, node->mark, "write one of file, builtin and url",
                      "policy: %s", ways == 0 ? "names no policy" : "names more than one policy");
    else if (is_asked && rb_decode_find(node, "url") == NULL)
        rb_report_add(decode->report, node->mark, "remove them, or write url",
                      "policy: \"timeout\" and \"bearer\" are for a policy server by its URL");
    if (choice->urls != NULL && count_servers(choice) == 0)
        rb_report_add(decode->report, node->mark,
                      "write url: https://opa.example.com/v1/data/rebake/decision",
                      "policy: \"url\" is empty");
    if (count_servers(choice) > SERVERS_MAXIMUM)
        rb_report_add(decode->report, node->mark, NULL, "policy: \"url\" has more than %d servers",
                      SERVERS_MAXIMUM);
}

const struct rb_policy_choice *rb_policy_choice_read(const struct rb_decode *decode,
                                                     const struct rb_node *node)
{
    if (node == NULL || !rb_decode_expect(decode, node, RB_NODE_MAPPING, "pipeline", "policy",
                                          "policy: { file: policy.yaml }"))
        return NULL;
    struct rb_policy_choice *choice = rb_arena_alloc(decode->arena, sizeof(*choice));
    *choice = (struct rb_policy_choice){
        .place = {decode->report->file, node->mark.line, node->mark.column},
        .timeout_ms = TIMEOUT_MS};
    rb_decode_block(decode, node, node->mark, "policy", rb_policy_choice_fields, choice);
    check(decode, node, choice);
    return choice;
}

/* Has the file one of these keys, and not a pipeline's? */
static bool has_instead(const char *data, size_t size, const char *const *keys)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_report report = {.diagnostics = &diagnostics, .file = ""};
    const struct rb_decode decode = {.arena = arena, .report = &report};
    const struct rb_node *root = rb_document_root(&decode, data, size, "a pipeline");
    bool found = false;
    for (; root != NULL && *keys != NULL; keys++)
        found = found || rb_decode_find(root, *keys) != NULL;
    return found && rb_decode_find(root, "pipeline") == NULL;
}

bool rb_pipeline_is_policy(const char *data, size_t size)
{
    static const char *const keys[] = {"policy", NULL};
    return has_instead(data, size, keys);
}

bool rb_pipeline_is_other(const char *data, size_t size)
{
    static const char *const keys[] = {"policy", "policy-test", NULL};
    return has_instead(data, size, keys);
}
