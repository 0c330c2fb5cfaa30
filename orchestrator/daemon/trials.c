/* SPDX-License-Identifier: Apache-2.0 */
/* Trials: builds that only tell which input broke one that failed. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/memory.h"

int engine_put_back(struct rb_engine *engine, const struct engine_image *image,
                    const struct rb_plan_decision *decision, json_t *lock, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP_JSON json_t *good = NULL;
    struct rb_build_row build;
    if (decision->trial == NULL)
        return 0;
    const char *member = rb_plan_reason_kind_name(decision->trial->kind);
    int status = rb_store_good_build(engine->store, image->id, arena, &build, err);
    if (status == 0)
        status = rb_json_parse(build.lock, strlen(build.lock), "lock of a build", &good, err);
    if (status == 0 && json_object_get(good, member) != NULL)
        rb_json_set(lock, member, json_incref(json_object_get(good, member)));
    return status;
}

int engine_note_trial(struct rb_engine *engine, const struct rb_plan_decision *decision,
                      int64_t build_id, struct rb_err *err)
{
    if (decision->trial == NULL)
        return 0;
    return rb_store_set_trial(engine->store, build_id,
                              rb_plan_reason_kind_name(decision->trial->kind), err);
}
