/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan that is kept: its work follows what changed, not how many images there are. It answers
 * what rb_plan_make would of all images as they were set last; only images that were set since,
 * those whose time has come, and above them those that can see a difference are decided again.
 */
#ifndef REBAKE_PLAN_PLANNER_H
#define REBAKE_PLAN_PLANNER_H

#include "rebake/plan/plan.h"

struct rb_planner;

/* For so many images, each of which is to be set before the first update. */
struct rb_planner *rb_planner_new(size_t count);
void rb_planner_free(struct rb_planner *planner); /* NULL is allowed */

/* What is known of an image now. The struct is copied; what it points to stays the caller's, and
   has to live until the image is set again and the planner was updated, its name as long as the
   planner. To set what is known already costs time alone. */
void rb_planner_set(struct rb_planner *planner, size_t index, const struct rb_plan_image *image);

/* All images as they were set last. */
const struct rb_plan_image *rb_planner_images(const struct rb_planner *planner);

struct rb_planner_update {
    const struct rb_plan *plan; /* all images; wake_at is when an update may bring more */
    const size_t *decided;      /* the images that were decided again, each once; bases first */
    size_t decided_count;
};

/* Brings the plan up to date. What is given is the planner's, and lives until the next call of one
   of these functions. */
void rb_planner_update(struct rb_planner *planner, int64_t now_at,
                       struct rb_planner_update *ret_update);

#endif
