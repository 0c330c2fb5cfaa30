/* SPDX-License-Identifier: Apache-2.0 */
/* The feeds that are JSON; the first byte says which. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "watch/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int (*const READERS[])(const char *data, size_t size, const char *what,
                                  struct rb_feed_summary *summary, struct rb_err *err) = {
        rb_feed_read_osv_record, rb_feed_read_tracker, rb_feed_read_secdb, rb_feed_read_kev};
    struct rb_feed_summary summary = {0};
    struct rb_err err = {0};
    if (size == 0)
        return 0;
    int status = READERS[data[0] % RB_COUNT_OF(READERS)]((const char *)data + 1, size - 1, "feed",
                                                         &summary, &err);
    RB_ASSERT(status == (int)err.code && summary.records >= 0);
    return 0;
}
