/* SPDX-License-Identifier: Apache-2.0 */
/* CISA's list of known exploited vulnerabilities. */
#include <stdint.h>

#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char date[RB_FEED_DATE_SIZE];
    struct rb_err err = {0};
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_KEV);
    int status = rb_kev_read((const char *)data, size, "feed", builder, date, &err);
    RB_ASSERT(status == (int)err.code);
    rb_threats_builder_free(builder);
    return 0;
}
