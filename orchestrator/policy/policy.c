/* SPDX-License-Identifier: Apache-2.0 */
/* A policy from its files: those that it extends behind it, the rules of all in one list. */
#include "rebake/policy/policy.h"

#include <string.h>

#include "policy_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int summary(const struct rb_diagnostics *diagnostics, const char *name, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: %zu error%s", name, diagnostics->count,
                      diagnostics->count == 1 ? "" : "s");
}

static bool is_builtin(const char *name)
{
    return rb_policy_builtin_text(name) != NULL;
}

/* A path is meant from the folder of the file that names it. */
static char *path_beside(const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    if (*path == '/' || slash == NULL)
        return rb_strdup(path);
    return rb_asprintf("%.*s/%s", (int)(slash - file), file, path);
}

static int read_extended(const struct rb_policy_file *by, struct rb_policy_file **ret,
                         struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_err why;
    if (is_builtin(by->extends)) {
        const char *text = rb_policy_builtin_text(by->extends);
        return rb_policy_file_parse(text, strlen(text), by->extends, ret, diagnostics, err);
    }
    RB_CLEANUP_FREE char *path = path_beside(by->file, by->extends);
    int status = rb_policy_file_read(path, ret, diagnostics, &why);
    if (status == 0)
        return 0;
    if (diagnostics->count == 0)
        rb_diagnostics_add(diagnostics, &by->extends_place,
                           "write baseline, regulated, edge, or a file beside this one",
                           "policy: extends \"%s\": %s", by->extends, why.text);
    return rb_err_copy(err, &why);
}

/* What files[0] extends, and what that does. A circle ends at the bound. */
static int read_chain(struct rb_policy *policy, struct rb_diagnostics *diagnostics,
                      struct rb_err *err)
{
    const struct rb_policy_file *last = policy->files[0];
    while (last->extends != NULL) {
        if (policy->file_count == RB_POLICY_FILES_MAXIMUM) {
            rb_diagnostics_add(
                diagnostics, &last->extends_place, "do any of them extend each other?",
                "policy: more than %d files extend one another", RB_POLICY_FILES_MAXIMUM);
            return summary(diagnostics, last->file, err);
        }
        int status = read_extended(last, &policy->files[policy->file_count], diagnostics, err);
        if (status != 0)
            return status;
        last = policy->files[policy->file_count++];
    }
    return 0;
}

static void open_window(const struct rb_policy_window *window, struct rb_calendar **ret,
                        struct rb_diagnostics *diagnostics)
{
    struct rb_err err;
    if (window != NULL && rb_calendar_new(window, ret, &err) != 0)
        rb_diagnostics_add(diagnostics, &window->place, NULL, "window \"%s\": %s", window->name,
                           err.text);
}

static bool is_replaced(const struct rb_policy *policy, const struct rb_policy_rule *model)
{
    for (size_t i = 0; i < policy->rule_count; i++) {
        if (rb_text_equal(policy->models[i]->name, model->name))
            return true;
    }
    return false;
}

/* A file's own rule takes the place of one of the same name in what it extends. */
static void collect_rules(struct rb_policy *policy, struct rb_diagnostics *diagnostics)
{
    size_t most = 0;
    for (size_t i = 0; i < policy->file_count; i++)
        most += policy->files[i]->rule_count;
    policy->rules = rb_calloc(most, sizeof(*policy->rules));
    policy->models = rb_calloc(most, sizeof(struct rb_policy_rule *));
    for (size_t i = 0; i < policy->file_count && policy->rule_count <= RB_POLICY_RULES_MAXIMUM;
         i++) {
        for (size_t j = 0; j < policy->files[i]->rule_count; j++) {
            const struct rb_policy_rule *model = &policy->files[i]->rules[j];
            if (i > 0 && is_replaced(policy, model))
                continue;
            struct policy_rule *rule = &policy->rules[policy->rule_count];
            policy->models[policy->rule_count++] = model;
            rule->model = model;
            open_window(model->during, &rule->during, diagnostics);
            open_window(model->outside, &rule->outside, diagnostics);
        }
    }
}

/* Windows that no rule names are looked at too: a slip in one is better told now. */
static void check_windows(const struct rb_policy_file *file, struct rb_diagnostics *diagnostics)
{
    for (size_t i = 0; i < file->window_count; i++) {
        const struct rb_policy_window *window = &file->windows[i];
        struct rb_calendar *calendar = NULL;
        bool is_used = false;
        for (size_t j = 0; j < file->rule_count; j++)
            is_used =
                is_used || file->rules[j].during == window || file->rules[j].outside == window;
        if (!is_used)
            open_window(window, &calendar, diagnostics);
        rb_calendar_free(calendar);
    }
}

static void take_limit(int64_t *limit_ms, int64_t of_file_ms)
{
    if (*limit_ms == 0)
        *limit_ms = of_file_ms;
}

static void collect_sla(struct rb_policy *policy)
{
    for (size_t i = 0; i < policy->file_count; i++) {
        const struct rb_policy_sla *sla = &policy->files[i]->sla;
        take_limit(&policy->sla.exploited_ms, sla->exploited_ms);
        take_limit(&policy->sla.critical_ms, sla->critical_ms);
        take_limit(&policy->sla.high_ms, sla->high_ms);
        take_limit(&policy->sla.medium_ms, sla->medium_ms);
        take_limit(&policy->sla.low_ms, sla->low_ms);
    }
}

static int compile(struct rb_policy *policy, struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    const char *name = policy->files[0]->file;
    collect_rules(policy, diagnostics);
    for (size_t i = 0; i < policy->file_count; i++)
        check_windows(policy->files[i], diagnostics);
    collect_sla(policy);
    if (policy->rule_count > RB_POLICY_RULES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d rules, with those that it extends",
                          name, RB_POLICY_RULES_MAXIMUM);
    policy->jq = jq_rules_new(policy->models, policy->rule_count, diagnostics);
    return diagnostics->count > 0 ? summary(diagnostics, name, err) : 0;
}

/* Takes the file. */
static int build(struct rb_policy_file *file, struct rb_policy **ret,
                 struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_policy *policy = rb_zalloc(sizeof(*policy));
    policy->files[policy->file_count++] = file;
    int status = read_chain(policy, diagnostics, err);
    if (status == 0)
        status = compile(policy, diagnostics, err);
    if (status == 0)
        *ret = policy;
    else
        rb_policy_free(policy);
    return status;
}

int rb_policy_parse(const char *data, size_t size, const char *name, struct rb_policy **ret,
                    struct rb_diagnostics *diagnostics, struct rb_err *err)
{
    struct rb_policy_file *file;
    int status = rb_policy_file_parse(data, size, name, &file, diagnostics, err);
    return status == 0 ? build(file, ret, diagnostics, err) : status;
}

int rb_policy_read(const char *path, struct rb_policy **ret, struct rb_diagnostics *diagnostics,
                   struct rb_err *err)
{
    struct rb_policy_file *file;
    int status = rb_policy_file_read(path, &file, diagnostics, err);
    return status == 0 ? build(file, ret, diagnostics, err) : status;
}

int rb_policy_builtin(const char *name, struct rb_policy **ret, struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    const char *text = rb_policy_builtin_text(name);
    if (text == NULL)
        return rb_err_set(err, RB_ENOTFOUND,
                          "no policy called \"%s\" comes with this program: baseline, regulated "
                          "and edge do",
                          name);
    return rb_policy_parse(text, strlen(text), name, ret, &diagnostics, err);
}

void rb_policy_free(struct rb_policy *policy)
{
    if (policy == NULL)
        return;
    for (size_t i = 0; policy->rules != NULL && i < policy->rule_count; i++) {
        rb_calendar_free(policy->rules[i].during);
        rb_calendar_free(policy->rules[i].outside);
    }
    for (size_t i = 0; i < policy->file_count; i++)
        rb_policy_file_free(policy->files[i]);
    jq_rules_free(policy->jq);
    rb_free(policy->rules);
    rb_free(policy->models);
    rb_free(policy);
}

void rb_policy_cleanup(struct rb_policy **policy)
{
    rb_policy_free(*policy);
}

const char *rb_policy_name(const struct rb_policy *policy)
{
    return policy->files[0]->name;
}

size_t rb_policy_rule_count(const struct rb_policy *policy)
{
    return policy->rule_count;
}

const char *rb_policy_rule_name(const struct rb_policy *policy, size_t index)
{
    RB_ASSERT(index < policy->rule_count);
    return policy->models[index]->name;
}

void rb_policy_note_rules(struct rb_policy *policy, char *where, size_t size)
{
    policy->current = where;
    policy->current_size = size;
}
