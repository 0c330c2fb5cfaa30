/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks over TCP: POST /hooks/PROVIDER/NAME (docs/reference/webhooks.md). A request is proven,
 * read, and held until the daemon has stored it; those that come while it stores others are stored
 * together. Then all are answered.
 */
#ifndef REBAKE_API_HOOKS_H
#define REBAKE_API_HOOKS_H

#include "rebake/base/json.h"
#include "rebake/hooks/hook.h"
#include "rebake/loop/loop.h"
#include "rebake/store/deliveries.h"

struct rb_hooks;

/* A webhook that was proven, and what it names. */
struct rb_accepted_hook {
    struct rb_delivery row; /* its id is filled by store(): 0 for one that was here before */
    const size_t *sources;  /* by the numbers of the daemon's own */
    const char *const *source_names;
    size_t source_count;
};

struct rb_hooks_options {
    struct rb_loop *loop;
    const struct rb_clock *clock;
    const struct rb_settings *settings; /* listens somewhere; borrowed until rb_hooks_reload */
    int64_t request_ms; /* within which a whole request must be here; 0: 30 seconds */
    void *context;
    /* Fills what the news name: sources, names and count, in the arena. */
    void (*match)(void *context, const struct rb_hook_settings *hook,
                  const struct rb_hook_news *news, struct rb_arena *arena,
                  struct rb_accepted_hook *hook_out);
    /* Stores them all or none, and sees to it that they are served. */
    int (*store)(void *context, struct rb_accepted_hook *const *hooks, size_t count,
                 struct rb_err *err);
};

/* RB_EINVALID when certificate and key do not fit, RB_EEXIST when the address is taken. */
RB_NODISCARD int rb_hooks_start(const struct rb_hooks_options *options, struct rb_hooks **ret_hooks,
                                struct rb_err *err);
void rb_hooks_stop(struct rb_hooks *hooks); /* NULL is allowed */

/* Takes over other settings, and reads certificate and key again. RB_EINVALID, and nothing changes,
   when they do not fit, or the settings listen elsewhere: that wants a restart. */
RB_NODISCARD int rb_hooks_reload(struct rb_hooks *hooks, const struct rb_settings *settings,
                                 struct rb_err *err);

/* How each hook does, for GET /v1/hooks. last: the newest delivery of each, as the store has it. */
json_t *rb_hooks_json(const struct rb_hooks *hooks, const struct rb_delivery *last,
                      size_t last_count);

#endif
