/* SPDX-License-Identifier: Apache-2.0 */
/* Asks a policy server without a pause: connections over its unix socket that each ask the next
   when the last is answered. */
#ifndef REBAKE_BENCH_POLICY_LOAD_H
#define REBAKE_BENCH_POLICY_LOAD_H

#include <stddef.h>
#include <stdint.h>

struct policy_load {
    const char *socket_path;
    int connections;
    const char *const *bodies; /* asked in turn */
    size_t body_count;
    int64_t duration_ms;
};

/* How many decisions came, each with 200 and a result; ends the program on anything else. */
int64_t policy_load_run(const struct policy_load *load);

#endif
