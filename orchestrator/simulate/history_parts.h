/* SPDX-License-Identifier: Apache-2.0 */
/* How histories are made: by reading one and by making one up. */
#ifndef ORCHESTRATOR_SIMULATE_HISTORY_PARTS_H
#define ORCHESTRATOR_SIMULATE_HISTORY_PARTS_H

#include "rebake/base/arena.h"
#include "rebake/simulate/history.h"

struct rb_history *history_new(void);
/* Where all that the history names lives. */
struct rb_arena *history_arena(struct rb_history *history);
/* The events by time; those of one time stay in their order. */
void history_sort(struct rb_history *history);

#endif
