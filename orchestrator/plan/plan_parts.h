/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: how one image is decided, its reasons, and the key of its
   inputs. */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include "rebake/plan/plan.h"

enum { PLAN_NOBODY = -1 };

/* All that an image is told of its base, besides its name and artifact. */
struct plan_progress {
    enum rb_plan_state state;
    const char *trouble; /* why it would be stuck here */
    bool decided;
    bool moves;   /* it will get on without anybody's doing, and may get a new artifact */
    int stuck_at; /* the image at which a change that concerns this one is stuck, or PLAN_NOBODY */
    const char *stuck_how; /* the trouble there */
};

struct plan_work {
    const struct rb_plan_image *images;
    size_t image_count;
    int64_t now_at;
    struct rb_arena *arena;
    struct rb_sha256 *hash; /* used again for each key */
    struct rb_plan_decision *decisions;
    struct plan_progress *progress;
};

/* Its base, if it has one, is decided. */
void plan_decide(const struct plan_work *work, int index);
bool plan_changes_open(const struct rb_plan_decision *decision);
/* Whoever is built from it is decided alike by both, as long as its artifact is the same. */
bool plan_is_seen_alike(const struct plan_progress *a, const struct plan_progress *b);
/* The next time at which the decision could be another though nothing else changed: all times that
   deciding compares with now. 0: none. */
int64_t plan_next_look_at(const struct plan_work *work, int index);

struct plan_reasons {
    struct rb_plan_reason *items; /* in the arena; by kind, then subject */
    size_t count;
    size_t remaining_count; /* of them, those that the last build was to cure and did not */
};

/* base_digest: what the image would be built on now; NULL where that is not known. */
void plan_find_reasons(const struct rb_plan_image *image, const char *base_digest,
                       struct rb_arena *arena, struct plan_reasons *ret_reasons);

/* Of a build that failed of its own: what is known of which input broke it, as the end of a
   sentence
   ("" nothing), and the input that is to be put back to know more, or NULL. */
const char *plan_find_culprit(const struct rb_plan_image *image,
                              const struct rb_plan_decision *decision, struct rb_arena *arena,
                              const struct rb_plan_reason **ret_trial);

/* A request that is open, or that a build served which then failed. */
bool plan_is_requested(const struct rb_plan_image *image);

/* Fills key, of RB_SHA256_HEX_SIZE bytes, by means of the hash. */
void plan_input_key(const struct rb_plan_image *image, const char *base_digest,
                    struct rb_sha256 *hash, char *key);

#endif
