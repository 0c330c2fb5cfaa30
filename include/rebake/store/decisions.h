/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What policy decided: about a build of an image, or a rollout of a deployment. The newest of each
 * image and deployment are kept, and all that a build or a rollout stands on.
 */
#ifndef REBAKE_STORE_DECISIONS_H
#define REBAKE_STORE_DECISIONS_H

#include "rebake/base/json.h"
#include "rebake/store/store.h"

enum { RB_DECISIONS_KEPT = 20 }; /* of one image or deployment, beside those that are stood on */

struct rb_decision_row {
    int64_t id;
    const char *subject; /* "rebuild", "deploy", "drift" */
    int64_t image_id;    /* exactly one of the two is set */
    int64_t deployment_id;
    const char *name;   /* "shop/app"; of what is stored, not given */
    const char *key;    /* of what would be done */
    const char *word;   /* "allow", "hold", "refuse" */
    const char *rule;   /* NULL: the server named none, or gave no answer */
    const char *reason; /* NULL likewise */
    int64_t until_at;   /* of a hold: until then; 0: not said */
    const char *result; /* JSON, as it was answered; NULL: nobody was asked, or gave an answer */
    const char *error;  /* why there is no answer; NULL: there is one */
    int64_t asked_at;
    int64_t took_us;
};

/* Adds one, with the input that was judged (NULL: nobody was asked), and drops older ones. Event
   decision.made where word or rule differ from the last one of that subject. */
RB_NODISCARD int rb_store_add_decision(struct rb_store *store, const struct rb_decision_row *row,
                                       const json_t *input, int64_t *ret_id, struct rb_err *err);
/* The builds and rollouts that it allowed. */
RB_NODISCARD int rb_store_build_stands_on(struct rb_store *store, int64_t build_id,
                                          int64_t decision_id, struct rb_err *err);
RB_NODISCARD int rb_store_rollout_stands_on(struct rb_store *store, int64_t rollout_id,
                                            int64_t decision_id, struct rb_err *err);
/* RB_ENOTFOUND where there is none. */
RB_NODISCARD int rb_store_decision(struct rb_store *store, int64_t id, struct rb_arena *arena,
                                   struct rb_decision_row *ret_row, struct rb_err *err);
/* The input that was judged; the caller drops the reference. RB_ENOTFOUND where nobody was asked.
 */
RB_NODISCARD int rb_store_decision_input(struct rb_store *store, int64_t id, json_t **ret_input,
                                         struct rb_err *err);
/* Newest first: of an image, of a deployment, or, with both 0, all. */
RB_NODISCARD int rb_store_decisions(struct rb_store *store, int64_t image_id, int64_t deployment_id,
                                    size_t limit, struct rb_arena *arena,
                                    struct rb_decision_row **ret_rows, size_t *ret_count,
                                    struct rb_err *err);

#endif
