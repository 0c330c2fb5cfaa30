/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a server that asks to be asked again later is waited for: rb_http_set_patience. */
#include "rebake/base/clock.h"
#include "transfer.h"

enum { SHORTEST_WAIT_MS = 1000 }; /* "at once" would be for ever */

void rb_http_set_patience(struct rb_http *http, int64_t patience_ms, rb_http_waiting_cb *waiting,
                          void *context)
{
    http->patience =
        (struct rb_patience){.left_ms = patience_ms, .waiting = waiting, .context = context};
}

/* Waits that overlap count once: only what this one adds to them is taken. */
int64_t rb_patience_take(struct rb_patience *patience, const struct rb_http_response *response)
{
    if (rb_http_status_errc(response->status) != RB_EBUSY || response->retry_after_ms < 0)
        return -1;
    int64_t wait_ms =
        response->retry_after_ms > SHORTEST_WAIT_MS ? response->retry_after_ms : SHORTEST_WAIT_MS;
    int64_t now = rb_clock_monotonic_ms();
    int64_t free_until_ms = patience->until_ms > now ? patience->until_ms : now;
    int64_t added_ms = now + wait_ms - free_until_ms;
    if (added_ms > patience->left_ms || patience->left_ms == 0)
        return -1;
    if (added_ms > 0) {
        patience->left_ms -= added_ms;
        patience->until_ms = now + wait_ms;
    }
    return wait_ms;
}
