/* SPDX-License-Identifier: Apache-2.0 */
/* A line of EPSS; the first byte says whether it is the first, the second or a later one. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "watch/feed.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_feed_summary summary = {0};
    struct rb_err err = {0};
    if (size == 0)
        return 0;
    RB_CLEANUP_FREE char *line = rb_strndup((const char *)data + 1, size - 1);
    int status = rb_feed_read_epss_line(line, data[0] % 3 + 1, "feed", &summary, &err);
    RB_ASSERT(status == (int)err.code);
    return 0;
}
