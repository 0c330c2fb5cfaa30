/* SPDX-License-Identifier: Apache-2.0 */
/* A sender of webhooks that never rests: signed pushes, each another one, over connections that
   each send the next when the last is answered. */
#ifndef REBAKE_BENCH_HOOK_LOAD_H
#define REBAKE_BENCH_HOOK_LOAD_H

#include <stdint.h>

struct hook_load {
    int port; /* on 127.0.0.1, without TLS */
    int connections;
    const char *path; /* "/hooks/github/shop" */
    const char *secret;
    const char *repository; /* its URL */
    int64_t duration_ms;
    int64_t first_number; /* the pushes have this and the next numbers, as "X-GitHub-Delivery:
                             load-N" */
    void (*answered)(void *context, int64_t number, int status, int64_t took_us);
    void *context;
};

/* Ends when the time is over, or no connection is left. Returns how many were answered. */
int64_t hook_load_run(const struct hook_load *load);

#endif
