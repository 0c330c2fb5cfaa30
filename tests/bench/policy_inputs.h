/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs of decisions as a planner makes them: all alike in size, no two the same. */
#ifndef REBAKE_BENCH_POLICY_INPUTS_H
#define REBAKE_BENCH_POLICY_INPUTS_H

#include "rebake/base/json.h"

enum { POLICY_INPUTS = 64 };

/* Number 0 .. POLICY_INPUTS - 1; the caller drops the reference. */
json_t *policy_input(int number);

#endif
