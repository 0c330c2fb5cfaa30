/* SPDX-License-Identifier: Apache-2.0 */
/* An advisory that is told has an id, and all its texts are there. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/watch/rpm_updateinfo.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const struct rb_rpm_advisory *advisory, struct rb_err *err)
{
    size_t *total = context;
    (void)err;
    RB_ASSERT(*advisory->id != '\0');
    *total += strlen(advisory->type) + strlen(advisory->severity) + strlen(advisory->issued);
    for (size_t i = 0; i < advisory->reference_count; i++)
        *total += strlen(advisory->references[i].type) + strlen(advisory->references[i].id) +
                  strlen(advisory->references[i].href);
    for (size_t i = 0; i < advisory->fix_count; i++)
        *total += strlen(advisory->fixes[i].name) + strlen(advisory->fixes[i].version) +
                  strlen(advisory->fixes[i].architecture) + strlen(advisory->fixes[i].module);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t total = 0;
    struct rb_err err;
    struct rb_rpm_updateinfo *updateinfo = rb_rpm_updateinfo_new(take, &total);
    if (rb_rpm_updateinfo_feed(updateinfo, data, size, &err) == 0)
        (void)!rb_rpm_updateinfo_end(updateinfo, &err);
    rb_rpm_updateinfo_free(updateinfo);
    return 0;
}
