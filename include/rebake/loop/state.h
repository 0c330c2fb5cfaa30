/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State machines as data: a constant table names each state and the states that may follow it. A
 * move that the table does not hold is a bug and stops the program; tests walk every pair.
 */
#ifndef REBAKE_LOOP_STATE_H
#define REBAKE_LOOP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rb_state_table {
    const char *name;
    size_t count; /* of states, at most 32 */
    struct {
        const char *name;
        uint32_t next; /* RB_STATE_BIT() of each state that may follow */
    } states[];
};

#define RB_STATE_BIT(state) (UINT32_C(1) << (unsigned)(state))

bool rb_state_may_move(const struct rb_state_table *table, unsigned from, unsigned to);
void rb_state_move(const struct rb_state_table *table, unsigned *state, unsigned to);
const char *rb_state_name(const struct rb_state_table *table, unsigned state);

#endif
