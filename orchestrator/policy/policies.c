/* SPDX-License-Identifier: Apache-2.0 */
#include "policies.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/diagnostic.h"
#include "rebake/policy/policy.h"

enum { POLICIES_MAXIMUM = 4096 };

static const char BUILTIN[] = "builtin:";

struct named {
    char *pipeline; /* NULL: of all that have none of their own */
    struct rb_policy *policy;
};

struct policies {
    struct named *items;
    size_t count;
};

/* "PIPELINE=" at the beginning; a path may hold a "=" too, but no name of a pipeline a "/". */
static const char *split_name(const char *name, char **ret_pipeline)
{
    const char *equals = strchr(name, '=');
    *ret_pipeline = NULL;
    if (equals == NULL)
        return name;
    char *pipeline = rb_strndup(name, (size_t)(equals - name));
    if (!rb_text_is_name(pipeline)) {
        rb_free(pipeline);
        return name;
    }
    *ret_pipeline = pipeline;
    return equals + 1;
}

static const struct named *find(const struct policies *policies, const char *pipeline)
{
    for (size_t i = 0; i < policies->count; i++) {
        if (rb_text_equal(policies->items[i].pipeline, pipeline))
            return &policies->items[i];
    }
    return NULL;
}

static int read_one(const char *from, struct rb_policy **ret_policy, struct rb_strbuf *diagnostics,
                    struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    if (rb_text_starts_with(from, BUILTIN))
        return rb_policy_builtin(from + sizeof(BUILTIN) - 1, ret_policy, err);
    int status = rb_policy_read(from, ret_policy, &found, err);
    rb_diagnostics_print(&found, diagnostics);
    return status;
}

static int add(struct policies *policies, const char *name, struct rb_strbuf *diagnostics,
               struct rb_err *err)
{
    struct named *item = &policies->items[policies->count];
    const char *from = split_name(name, &item->pipeline);
    if (find(policies, item->pipeline) != NULL) {
        (void)rb_err_set(err, RB_EINVALID, "two policies are for %s%s",
                         item->pipeline == NULL ? "all pipelines" : "pipeline ",
                         item->pipeline == NULL ? "" : item->pipeline);
        rb_free(rb_steal(&item->pipeline));
        return RB_EINVALID;
    }
    int status = read_one(from, &item->policy, diagnostics, err);
    if (status == 0)
        policies->count++;
    else
        rb_free(rb_steal(&item->pipeline));
    return status;
}

int policies_read(const char *const *names, struct policies **ret_policies,
                  struct rb_strbuf *diagnostics, struct rb_err *err)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    if (count > POLICIES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "more than %d policies", POLICIES_MAXIMUM);
    struct policies *policies = rb_zalloc(sizeof(*policies));
    policies->items = rb_calloc(count, sizeof(*policies->items));
    int status = 0;
    for (size_t i = 0; status == 0 && i < count; i++)
        status = add(policies, names[i], diagnostics, err);
    if (status == 0)
        *ret_policies = policies;
    else
        policies_free(policies);
    return status;
}

void policies_free(struct policies *policies)
{
    if (policies == NULL)
        return;
    for (size_t i = 0; i < policies->count; i++) {
        rb_policy_free(policies->items[i].policy);
        rb_free(policies->items[i].pipeline);
    }
    rb_free(policies->items);
    rb_free(policies);
}

int policies_decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    const struct policies *policies = context;
    const char *pipeline = rb_json_get_string(input, "pipeline", NULL);
    const struct named *named = pipeline == NULL ? NULL : find(policies, pipeline);
    if (named == NULL)
        named = find(policies, NULL);
    if (named == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "no policy is for pipeline %s",
                          pipeline == NULL ? "(none)" : pipeline);
    return rb_policy_decide(named->policy, input, ret_result, err);
}

void policies_note_rules(void *context, char *where, size_t size)
{
    const struct policies *policies = context;
    for (size_t i = 0; i < policies->count; i++)
        rb_policy_note_rules(policies->items[i].policy, where, size);
}
