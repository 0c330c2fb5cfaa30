/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share: the reasons of an image, and the key of its inputs. */
#ifndef PLAN_PARTS_H
#define PLAN_PARTS_H

#include "rebake/plan/plan.h"

struct plan_reasons {
    struct rb_plan_reason *items; /* in the arena; by kind, then subject */
    size_t count;
    size_t remaining_count; /* of them, those that the last build was to cure and did not */
};

/* base_digest: what the image would be built on now; NULL where that is not known. */
void plan_find_reasons(const struct rb_plan_image *image, const char *base_digest,
                       struct rb_arena *arena, struct plan_reasons *ret_reasons);

/* A request that is open, or that a build served which then failed. */
bool plan_is_requested(const struct rb_plan_image *image);

/* Fills key, of RB_SHA256_HEX_SIZE bytes. */
void plan_input_key(const struct rb_plan_image *image, const char *base_digest, char *key);

#endif
