/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: one row for each change of state, append-only. Names in docs/reference/events.md.
 */
#ifndef REBAKE_STORE_EVENTS_H
#define REBAKE_STORE_EVENTS_H

#include "rebake/base/json.h"
#include "rebake/store/store.h"

struct rb_event {
    int64_t id;
    int64_t at;
    const char *actor;   /* "rebaked", or who asked: "user:root" */
    const char *name;    /* "build.started" */
    const char *subject; /* "pipeline/image", "pipeline/deployment", "source:4" */
    const char *data;    /* JSON object */
};

/* For changes that are not a row of another table. data's reference stays the caller's; may be
 * NULL. */
RB_NODISCARD int rb_store_add_event(struct rb_store *store, const char *actor, const char *name,
                                    const char *subject, const json_t *data, struct rb_err *err);
/* The newest `limit` events (newest first) with an id below `before` (0: no bound) whose subject is
   `subject` (NULL: any; "build:17": whatever speaks of that build). */
RB_NODISCARD int rb_store_events(struct rb_store *store, const char *subject, int64_t before,
                                 size_t limit, struct rb_arena *arena, struct rb_event **ret_events,
                                 size_t *ret_count, struct rb_err *err);

#endif
