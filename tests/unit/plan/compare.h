/* SPDX-License-Identifier: Apache-2.0 */
/* Images and decisions, member by member. */
#ifndef TEST_PLAN_COMPARE_H
#define TEST_PLAN_COMPARE_H

#include "rebake/plan/plan.h"

/* The first member that differs, or NULL. */
const char *compare_decisions(const struct rb_plan_decision *a, const struct rb_plan_decision *b);
const char *compare_images(const struct rb_plan_image *a, const struct rb_plan_image *b);
/* With all texts but the name in the arena. */
void copy_image(const struct rb_plan_image *image, struct rb_arena *arena,
                struct rb_plan_image *ret_copy);

#endif
