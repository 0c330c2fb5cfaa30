/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Webhooks that were accepted. A delivery is stored before it is answered, and kept until it has
 * been served: what it names was checked. After that it is kept to know it again, within bounds.
 */
#ifndef REBAKE_STORE_DELIVERIES_H
#define REBAKE_STORE_DELIVERIES_H

#include "rebake/store/store.h"

enum { RB_DELIVERIES_KEPT = 100000 }; /* that were served, and none for longer than 30 days */

struct rb_delivery {
    int64_t id; /* 0: one with its key was there */
    const char *hook;
    const char *key;       /* the same for what is sent again; NULL or "": nothing is */
    const char *sender_id; /* the sender's own; may be NULL */
    int64_t received_at;
    const char *things; /* JSON: what it names */
    int64_t matched;    /* sources */
};

/* Adds count deliveries in one transaction of its own, and fills their ids. */
RB_NODISCARD int rb_store_add_deliveries(struct rb_store *store,
                                         struct rb_delivery *const *deliveries, size_t count,
                                         struct rb_err *err);
/* Those that were not served, oldest first. */
RB_NODISCARD int rb_store_open_deliveries(struct rb_store *store, struct rb_arena *arena,
                                          struct rb_delivery **ret_rows, size_t *ret_count,
                                          struct rb_err *err);
/* All up to this id were served. */
RB_NODISCARD int rb_store_serve_deliveries(struct rb_store *store, int64_t up_to_id,
                                           struct rb_err *err);
/* The newest of each hook that named a source; of one that never did, its newest. */
RB_NODISCARD int rb_store_last_deliveries(struct rb_store *store, struct rb_arena *arena,
                                          struct rb_delivery **ret_rows, size_t *ret_count,
                                          struct rb_err *err);

#endif
