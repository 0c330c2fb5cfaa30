/* SPDX-License-Identifier: Apache-2.0 */
/* The settings file, and the webhooks that it says are taken. */
#ifndef REBAKE_DAEMON_WEBHOOKS_H
#define REBAKE_DAEMON_WEBHOOKS_H

#include "rebake/api/hooks.h"
#include "rebake/base/strbuf.h"
#include "rebake/daemon/engine.h"

struct webhooks {
    struct rb_loop *loop;
    struct rb_engine *engine;
    const char *settings_path; /* NULL: no settings, and no webhooks */
    struct rb_settings *settings;
    struct rb_hooks *hooks; /* NULL: listening for none */
};

/* Reads the settings, and listens where they say. What is wrong with the file goes to diagnostics.
   webhooks holds loop, engine and path, and is stopped also after a failure. */
RB_NODISCARD int webhooks_start(struct webhooks *webhooks, struct rb_strbuf *diagnostics,
                                struct rb_err *err);
void webhooks_stop(struct webhooks *webhooks);

/* Reads the settings again; on failure the old ones stay. */
RB_NODISCARD int webhooks_reload(struct webhooks *webhooks, struct rb_strbuf *diagnostics,
                                 struct rb_err *err);

/* For GET /v1/hooks. */
RB_NODISCARD int webhooks_json(const struct webhooks *webhooks, json_t **ret_json,
                               struct rb_err *err);

#endif
