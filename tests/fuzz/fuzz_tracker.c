/* SPDX-License-Identifier: Apache-2.0 */
/* Debian's tracker. */
#include <stdint.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const struct rb_advisory *advisory, struct rb_err *err)
{
    size_t *size = context;
    (void)err;
    *size += strlen(advisory->id) + strlen(advisory->summary);
    for (size_t i = 0; i < advisory->affected_count; i++)
        *size += strlen(advisory->affected[i].package) + strlen(advisory->affected[i].reason) +
                 strlen(advisory->affected[i].postponed) + advisory->affected[i].range_count;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t total = 0;
    struct rb_err err = {0};
    int status = rb_tracker_read((const char *)data, size, "feed", take, &total, &err);
    RB_ASSERT(status == (int)err.code && total < SIZE_MAX);
    return 0;
}
