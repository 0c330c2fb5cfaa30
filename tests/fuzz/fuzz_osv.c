/* SPDX-License-Identifier: Apache-2.0 */
/* A record of OSV; of one that is accepted all texts and lists are there. */
#include <stdint.h>
#include <string.h>

#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void touch_affected(const struct rb_affected *affected, size_t *size)
{
    RB_ASSERT(affected->range_count <= RB_ADVISORY_RANGES_MAXIMUM);
    *size += strlen(affected->ecosystem.name) + strlen(affected->ecosystem.release) +
             strlen(affected->ecosystem.suffix) + strlen(affected->package) +
             strlen(affected->urgency) + strlen(affected->reason);
    for (size_t i = 0; i < affected->range_count; i++) {
        const struct rb_range *range = &affected->ranges[i];
        for (size_t j = 0; j < range->event_count; j++)
            *size += strlen(range->events[j].version);
    }
    for (size_t i = 0; i < affected->version_count; i++)
        *size += strlen(affected->versions[i]);
}

static int take(void *context, const struct rb_advisory *advisory, struct rb_err *err)
{
    size_t *size = context;
    (void)err;
    RB_ASSERT(*advisory->id != '\0');
    for (size_t i = 0; i < advisory->alias_count; i++)
        *size += strlen(advisory->aliases[i]);
    for (size_t i = 0; i < advisory->upstream_count; i++)
        *size += strlen(advisory->upstream[i]);
    for (size_t i = 0; i < advisory->affected_count; i++)
        touch_affected(&advisory->affected[i], size);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t total = 0;
    struct rb_err err = {0};
    int status = rb_osv_read((const char *)data, size, "record", take, &total, &err);
    RB_ASSERT(status == (int)err.code && total < SIZE_MAX);
    return 0;
}
