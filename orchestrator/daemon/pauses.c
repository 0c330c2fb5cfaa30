/* SPDX-License-Identifier: Apache-2.0 */
/* What people have paused or pinned, and when that is over. */
#include <string.h>

#include "engine_parts.h"
#include "rebake/base/log.h"

/* A person's word of any kind. */
struct word {
    const char *kind; /* "pause" */
    const char *subject;
    const char *who;
    int64_t until_at;
    int (*lift)(struct rb_store *store, const char *subject, const char *who, struct rb_err *err);
};

static int lift_if_over(struct rb_engine *engine, const struct word *word, int64_t *wake_at,
                        struct rb_err *err)
{
    if (word->until_at == 0)
        return 0;
    if (word->until_at > rb_clock_now(engine->clock)) {
        *wake_at = engine_earlier(*wake_at, word->until_at);
        return 0;
    }
    rb_log(RB_LOG_INFO, "a person's word is over", "kind", word->kind, "subject", word->subject,
           "who", word->who, NULL);
    return word->lift(engine->store, word->subject, NULL, err);
}

int engine_lift_words(struct rb_engine *engine, struct rb_arena *arena, int64_t *ret_wake_at,
                      struct rb_err *err)
{
    struct rb_pause_row *pauses;
    struct rb_pin_row *pins;
    size_t pause_count, pin_count;
    *ret_wake_at = 0;
    int status = rb_store_pauses(engine->store, arena, &pauses, &pause_count, err);
    if (status == 0)
        status = rb_store_pins(engine->store, arena, &pins, &pin_count, err);
    for (size_t i = 0; status == 0 && i < pause_count; i++) {
        const struct word word = {.kind = "pause",
                                  .subject = pauses[i].subject,
                                  .who = pauses[i].who,
                                  .until_at = pauses[i].until_at,
                                  .lift = rb_store_resume};
        status = lift_if_over(engine, &word, ret_wake_at, err);
    }
    for (size_t i = 0; status == 0 && i < pin_count; i++) {
        const struct word word = {.kind = "pin",
                                  .subject = pins[i].subject,
                                  .who = pins[i].who,
                                  .until_at = pins[i].until_at,
                                  .lift = rb_store_unpin};
        status = lift_if_over(engine, &word, ret_wake_at, err);
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
