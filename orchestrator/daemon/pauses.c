/* SPDX-License-Identifier: Apache-2.0 */
/* What a person has paused, and when that is over. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"

int engine_lift_pauses(struct rb_engine *engine, struct rb_arena *arena, int64_t *ret_wake_at,
                       struct rb_err *err)
{
    struct rb_pause_row *pauses;
    size_t count;
    int64_t now_at = rb_clock_now(engine->clock);
    int status = rb_store_pauses(engine->store, arena, &pauses, &count, err);
    *ret_wake_at = 0;
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (pauses[i].until_at == 0)
            continue;
        if (pauses[i].until_at > now_at) {
            *ret_wake_at = engine_earlier(*ret_wake_at, pauses[i].until_at);
            continue;
        }
        status = rb_store_resume(engine->store, pauses[i].subject, NULL, err);
        rb_log(RB_LOG_INFO, "pause is over", "subject", pauses[i].subject, "who", pauses[i].who,
               NULL);
    }
    return status;
}

bool engine_is_paused(const struct rb_pause_row *pauses, size_t count, const char *pipeline,
                      const char *name, const struct rb_pause_row **ret_pause)
{
    for (size_t i = 0; i < count; i++) {
        const char *subject = pauses[i].subject;
        if (strcmp(subject, "all") == 0 || strcmp(subject, pipeline) == 0 ||
            strcmp(subject, name) == 0) {
            *ret_pause = &pauses[i];
            return true;
        }
    }
    return false;
}
