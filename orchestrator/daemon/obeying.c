/* SPDX-License-Identifier: Apache-2.0 */
/* What policy says of how something is done, and what of that this daemon can do. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/store/queue.h"

/* Of this machine, where podman's containers run. */
static const char *selinux_mode(void)
{
    RB_CLEANUP_FREE char *mode = NULL;
    size_t size = 0;
    if (rb_file_read("/sys/fs/selinux/enforce", 16, &mode, &size, NULL) != 0)
        return "disabled";
    return mode[0] == '1' ? "enforcing" : "permissive";
}

const char *engine_cannot_obey(const char *what, const json_t *result, struct rb_arena *arena)
{
    const char *executor = rb_json_get_string(result, "executor", "local");
    const char *base = rb_json_get_string(result, "base", NULL);
    const char *selinux = rb_json_get_string(json_object_get(result, "require"), "selinux", NULL);
    if (strcmp(what, "rebuild") == 0) {
        if (strcmp(executor, "local") != 0)
            return rb_arena_printf(arena, "executor %s, which this daemon does not have", executor);
        return base == NULL ? NULL
                            : rb_arena_printf(arena,
                                              "base %s, and an image's base is in its "
                                              "pipeline",
                                              base);
    }
    if (selinux == NULL || strcmp(selinux_mode(), selinux) == 0)
        return NULL;
    return rb_arena_printf(arena, "SELinux %s, and on this machine it is %s", selinux,
                           selinux_mode());
}

json_t *engine_lock_of_policy(const json_t *result)
{
    static const char *const MEMBERS[] = {"arguments", "builderClass"};
    json_t *policy = NULL;
    for (size_t i = 0; i < RB_COUNT_OF(MEMBERS); i++) {
        json_t *value = json_object_get(result, MEMBERS[i]);
        if (value == NULL)
            continue;
        if (policy == NULL)
            policy = rb_json_object();
        rb_json_set(policy, MEMBERS[i], json_incref(value));
    }
    return policy;
}

void engine_terms_of_policy(const json_t *result, struct rb_arena *arena,
                            struct rb_build_terms *terms)
{
    RB_CLEANUP_JSON json_t *response = rb_json_object();
    struct rb_policy_answer answer;
    if (result == NULL)
        return;
    rb_json_set(response, "result", json_incref((json_t *)result));
    if (rb_policy_answer_read(response, arena, &answer, NULL) != 0)
        return; /* it was read when it came: one of the store of another release */
    if (json_object_get(result, "priority") != NULL)
        terms->priority = answer.priority;
    terms->budget = answer.budget_name;
    terms->budget_ms_a_day = answer.budget_ms_a_day;
    terms->bound = answer.concurrency_name;
    terms->bound_most = answer.concurrency_most;
}
