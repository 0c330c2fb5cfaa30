/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of each hook since the daemon started: how often what happened, and how many more
   it may send. */
#ifndef REBAKE_API_HOOK_STATE_H
#define REBAKE_API_HOOK_STATE_H

#include "rebake/api/hooks.h"

struct hook_state {
    const struct rb_hook_settings *settings;
    int64_t counts[RB_HOOK_OUTCOMES];
    int64_t tokens; /* thousandths of a webhook */
    int64_t filled_ms;
    bool has_secret; /* as it was seen last, so that its loss is logged once */
};

struct hook_states {
    struct hook_state *items;
    size_t count;
    int64_t unknown; /* requests to hooks that there are not */
};

/* New states for the settings, with what the old ones (which end) knew of hooks of the same name.
 */
void hook_states_load(struct hook_states *states, const struct rb_settings *settings);
void hook_states_deinit(struct hook_states *states);

/* By the path "/hooks/PROVIDER/NAME"; NULL when there is none. */
struct hook_state *hook_states_find(const struct hook_states *states, const char *path);

/* Takes one from what the hook may send now; false when that is used up. */
bool hook_state_may(struct hook_state *state, int64_t now_ms);

/* last: the newest delivery of each hook. */
json_t *hook_states_json(const struct hook_states *states, const struct rb_delivery *last,
                         size_t last_count);

#endif
