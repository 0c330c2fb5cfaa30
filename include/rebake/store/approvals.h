/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals: a person's word that just this may be done. Each is for a subject and a key: of an
 * image its input key, of a deployment the digest that is to be deployed. Other inputs have another
 * key, and are not approved by it.
 */
#ifndef REBAKE_STORE_APPROVALS_H
#define REBAKE_STORE_APPROVALS_H

#include "rebake/base/arena.h"
#include "rebake/store/store.h"

struct rb_approval_row {
    const char *subject; /* "shop/app", "shop/production" */
    const char *key;
    const char *who;
    const char *why;
    int64_t at;
    int64_t until_at; /* 0: as long as the key is the subject's */
};

/* A person's second approval of the same changes why and until when; one of another key takes the
   place of those before it, by anybody, since their key is the subject's no more. Event
   approval.given. */
RB_NODISCARD int rb_store_approve(struct rb_store *store, const struct rb_approval_row *approval,
                                  struct rb_err *err);
/* All that this person approved of the subject; event approval.withdrawn. RB_ENOTFOUND when it is
   nothing. */
RB_NODISCARD int rb_store_withdraw_approval(struct rb_store *store, const char *subject,
                                            const char *who, struct rb_err *err);
/* Those in force, oldest first. subject NULL: of all; key NULL: for whatever. */
RB_NODISCARD int rb_store_approvals(struct rb_store *store, const char *subject, const char *key,
                                    struct rb_arena *arena, struct rb_approval_row **ret_rows,
                                    size_t *ret_count, struct rb_err *err);

#endif
