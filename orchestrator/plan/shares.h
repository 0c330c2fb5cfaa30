/* SPDX-License-Identifier: Apache-2.0 */
/* What builds share by name, limits and budgets: how much of each is taken, and by whom it is
   claimed. */
#ifndef SHARES_H
#define SHARES_H

#include <stdbool.h>

#include "rebake/plan/dispatch.h"

struct share {
    const char *name;
    int running;                            /* of a limit */
    int64_t used_ms;                        /* of a budget, today */
    const struct rb_dispatch_build *claims; /* NULL: nobody */
    int64_t claimed;                        /* of the claim: its limit, or its budget */
};

struct shares {
    const struct rb_dispatch_queue *queue;
    struct share *limits; /* by name */
    size_t limit_count;
    struct share *budgets;
    size_t budget_count;
    bool claim_ended; /* what did not fit may fit again */
};

void shares_begin(struct shares *shares, const struct rb_dispatch_queue *queue);
void shares_deinit(struct shares *shares);
/* What keeps a build that waits from starting: RB_DISPATCH_STARTS, where nothing does, and then
 *ret_share is left alone. It gets less as others start, but for a claim that has ended. */
enum rb_dispatch_cause shares_judge(const struct shares *shares,
                                    const struct rb_dispatch_build *build,
                                    const struct share **ret_share);
void shares_take(struct shares *shares, const struct rb_dispatch_build *build);

#endif
