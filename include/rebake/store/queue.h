/* SPDX-License-Identifier: Apache-2.0 */
/* The builds that wait or run, as the dispatcher looks at them, and what ended builds have used. */
#ifndef REBAKE_STORE_QUEUE_H
#define REBAKE_STORE_QUEUE_H

#include <stdbool.h>

#include "rebake/store/store.h"

/* How a build is to be served. */
struct rb_build_terms {
    int priority;        /* 0 to 100 */
    int64_t expected_ms; /* 0: not known */
    const char *budget;  /* NULL: none */
    int64_t budget_ms_a_day;
    const char *bound; /* under whose name no more than bound_most may run; NULL: none */
    int bound_most;
};
RB_NODISCARD int rb_store_set_build_terms(struct rb_store *store, int64_t build_id,
                                          const struct rb_build_terms *terms, struct rb_err *err);

/* A person asked for what is queued already: the build serves the image's open requests, is one of
   their reasons' too, has at least that priority and no budget. Event build.joined. *ret_joined is
   false, and nothing changes, where no request is open. */
RB_NODISCARD int rb_store_join_requests(struct rb_store *store, int64_t build_id, int priority,
                                        bool *ret_joined, struct rb_err *err);

/* Why a queued build has not started. */
struct rb_build_wait {
    const char *cause; /* a word; "" where nothing was said yet */
    const char *text;  /* one line */
    const char *waits_for;
};
RB_NODISCARD int rb_store_set_build_wait(struct rb_store *store, int64_t build_id,
                                         const struct rb_build_wait *wait, struct rb_err *err);

struct rb_queue_row {
    int64_t build_id;
    int64_t image_id;
    const char *pipeline;
    bool running;
    int64_t queued_at;
    int64_t started_at; /* 0: not yet */
    struct rb_build_terms terms;
    struct rb_build_wait wait;
};
/* All builds that wait or run, in the order of their ids. */
RB_NODISCARD int rb_store_queue(struct rb_store *store, struct rb_arena *arena,
                                struct rb_queue_row **ret_rows, size_t *ret_count,
                                struct rb_err *err);
/* One of them, or one that has ended. */
RB_NODISCARD int rb_store_queued(struct rb_store *store, int64_t build_id, struct rb_arena *arena,
                                 struct rb_queue_row *ret_row, struct rb_err *err);

/* What ended builds of one pipeline, priority and budget have used. */
struct rb_build_use {
    const char *pipeline;
    int priority;
    const char *budget; /* NULL: none */
    int64_t ended_at;   /* the newest one's end */
    int64_t used_ms;    /* in all, of the time after used_since_at */
};
/* Of builds that ended after since_at. */
RB_NODISCARD int rb_store_build_use(struct rb_store *store, int64_t since_at, int64_t used_since_at,
                                    struct rb_arena *arena, struct rb_build_use **ret_rows,
                                    size_t *ret_count, struct rb_err *err);

/* Whose builds, and since when; exactly one of the two is set. */
struct rb_build_account {
    int64_t image_id;
    int64_t pipeline_id;
    int64_t since_at;
};
/* What its builds that ended since then took in all, and how many they are. */
RB_NODISCARD int rb_store_build_spent(struct rb_store *store,
                                      const struct rb_build_account *account, int64_t *ret_ms,
                                      int64_t *ret_builds, struct rb_err *err);

/* The median of what the image's last builds took that came to a result; 0: there is none yet. */
RB_NODISCARD int rb_store_expected_build_ms(struct rb_store *store, int64_t image_id,
                                            int64_t *ret_ms, struct rb_err *err);

#endif
