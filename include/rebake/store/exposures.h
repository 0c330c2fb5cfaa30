/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Exposures with a clock: vulnerabilities that the artifact in force of an image has, since when
 * Rebake knows, by when policy wants them gone, and whether they were.
 */
#ifndef REBAKE_STORE_EXPOSURES_H
#define REBAKE_STORE_EXPOSURES_H

#include <stdbool.h>

#include "rebake/base/arena.h"
#include "rebake/store/store.h"

struct rb_exposure_row {
    int64_t id;
    int64_t image_id;
    const char *pipeline;
    const char *image;
    const char *advisory;
    const char *severity; /* "none", "low", "medium", "high", "critical" */
    bool kev;
    int64_t since;
    int64_t deadline_at; /* 0: none */
    int64_t breached_at; /* 0: it was not */
};

/* What the image is exposed to now. Those that are new are added, with now as their beginning, and
   those that are gone are closed: with the events sla.met or sla.closed where they had a deadline.
   Of each row its advisory, severity and kev count. */
RB_NODISCARD int rb_store_set_exposures(struct rb_store *store, int64_t image_id,
                                        const struct rb_exposure_row *rows, size_t count,
                                        struct rb_err *err);
/* 0: it has none any more. A later one than before takes a breach back. */
RB_NODISCARD int rb_store_set_deadline(struct rb_store *store, int64_t exposure_id,
                                       int64_t deadline_at, struct rb_err *err);
/* No exposure of the pipeline's has a deadline any more, for it has no policy. */
RB_NODISCARD int rb_store_drop_deadlines(struct rb_store *store, int64_t pipeline_id,
                                         struct rb_err *err);
/* The image's open ones, by advisory. */
RB_NODISCARD int rb_store_exposures(struct rb_store *store, int64_t image_id,
                                    struct rb_arena *arena, struct rb_exposure_row **ret_rows,
                                    size_t *ret_count, struct rb_err *err);
/* Those of the image (0: of all) that are open and have a deadline, the earliest first: breached
   ones, then those that are due. */
RB_NODISCARD int rb_store_deadlines(struct rb_store *store, int64_t image_id, size_t limit,
                                    struct rb_arena *arena, struct rb_exposure_row **ret_rows,
                                    size_t *ret_count, struct rb_err *err);
/* What is over is breached, and what has used three quarters of its time is due: each is told once,
   by the events sla.breached and sla.due, some hundreds in one call. *ret_next_at: when to look
   again; 0: at no time. */
RB_NODISCARD int rb_store_watch_deadlines(struct rb_store *store, int64_t *ret_next_at,
                                          struct rb_err *err);

struct rb_sla_sum {
    int64_t open;     /* exposures with a deadline */
    int64_t breached; /* of these */
    int64_t due;      /* of these, that have used three quarters of their time and are not over */
    int64_t next_at;  /* the next deadline; 0: none */
    int64_t breaches; /* ever, with those that are closed */
    int64_t exposed;  /* open exposures, with those that have no deadline */
};
RB_NODISCARD int rb_store_sla(struct rb_store *store, struct rb_sla_sum *ret_sum,
                              struct rb_err *err);

#endif
