/* SPDX-License-Identifier: Apache-2.0 */
/* Images for tables: each row says only what differs from one that is as its inputs are. */
#ifndef TEST_PLAN_FIXTURE_H
#define TEST_PLAN_FIXTURE_H

#include "rebake/plan/plan.h"

enum { NOW = 1000000000, MINUTE = 60000 };

#define FRESH_BASE                                                                                 \
    .name = "shop/runtime", .base = RB_PLAN_NO_BASE, .base_name = "debian", .code_name = "code",   \
    .now = {"r1", "d1", "t1"}, .artifact_digest = "a1", .built = {"r1", "d1", "t1"},               \
    .base_version_id = 11, .code_version_id = 12

#define FRESH_CHILD                                                                                \
    .name = "shop/app", .base = 0, .base_name = "runtime", .code_name = "code",                    \
    .now = {"r2", NULL, "t2"}, .artifact_digest = "a2", .built = {"r2", "a1", "t2"},               \
    .code_version_id = 12

#define NEW_CODE       .now = {"r1", "d1", "t9"}
#define NEW_CHILD_CODE .now = {"r2", NULL, "t9"}

#define UPDATES(array)   .updates = (array), .update_count = RB_COUNT_OF(array)
#define REMAINING(array) .last_remaining = (array), .last_remaining_count = RB_COUNT_OF(array)

/* last_key and open_key TRIED, and a verdict's, stand for the key of what the image's inputs are
 * now. */
extern const char TRIED[];

struct expected {
    enum rb_plan_state state;
    const char *reasons;   /* as reasons_text writes them */
    const char *cause;     /* a part of it */
    const char *waits_for; /* NULL: nothing */
    int64_t wake_at;
    int attempt; /* with RB_PLAN_STALE */
    bool ask;
    bool replace;
    const char *give_up;
    const char *trial; /* the kind of the input that is put back */
};

/* Fills in the keys that a table cannot know: an image's key is that of its decision. */
void resolve_keys(struct rb_plan_image *images, size_t count, struct rb_arena *arena);

void check_decision(const char *name, const struct rb_plan_decision *decision,
                    const struct expected *expected);

#endif
