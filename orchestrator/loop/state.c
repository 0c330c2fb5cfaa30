/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/state.h"

#include "rebake/base/memory.h"

bool rb_state_may_move(const struct rb_state_table *table, unsigned from, unsigned to)
{
    RB_ASSERT(from < table->count && to < table->count);
    return (table->states[from].next & RB_STATE_BIT(to)) != 0;
}

void rb_state_move(const struct rb_state_table *table, unsigned *state, unsigned to)
{
    RB_ASSERT(rb_state_may_move(table, *state, to));
    *state = to;
}

const char *rb_state_name(const struct rb_state_table *table, unsigned state)
{
    RB_ASSERT(state < table->count);
    return table->states[state].name;
}
