/* SPDX-License-Identifier: Apache-2.0 */
/* The repositories of an image, asked all at once what they offer. */
#ifndef ORCHESTRATOR_CLI_APT_QUESTION_H
#define ORCHESTRATOR_CLI_APT_QUESTION_H

#include "image_apt.h"
#include "rebake/inventory/upgrade.h"
#include "rebake/net/session.h"

enum rb_apt_answer_state {
    RB_APT_ANSWERED,
    RB_APT_SKIPPED, /* it cannot be asked from here, or does not matter; err.text says why */
    RB_APT_FAILED   /* err */
};

/* What became of one source, or of one architecture or component of it. */
struct rb_apt_answer {
    const struct rb_apt_source *source;
    const char *architecture;      /* NULL: the source was skipped as a whole */
    const char *const *components; /* of the source, or the one that was asked by itself */
    enum rb_apt_answer_state state;
    struct rb_err err;
    struct rb_repository repository; /* when answered; with its index */
    int64_t date_at;                 /* of its Release file */
};

struct rb_apt_answers {
    struct rb_arena *arena;
    struct rb_apt_answer *items; /* in the order of the sources */
    size_t count;
    char *folder; /* private; removed at the end */
};

struct rb_apt_question {
    const struct rb_scan *scan;
    const struct rb_image_apt *apt;
    size_t own_count; /* of apt's sources, how many are the image's own: the rest the user added */
    const char *cache_folder;                    /* where indexes are kept; NULL: nowhere */
    void (*progress)(size_t done, size_t count); /* NULL: none */
};

/* Blocks until all have answered. Fails only where nothing can be asked at all; what a single
   repository did is in its answer. */
RB_NODISCARD int rb_apt_ask(struct rb_net_session *session, const struct rb_apt_question *question,
                            struct rb_apt_answers *ret_answers, struct rb_err *err);
void rb_apt_answers_deinit(struct rb_apt_answers *answers); /* usable with RB_CLEANUP */

#endif
