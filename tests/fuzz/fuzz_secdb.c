/* SPDX-License-Identifier: Apache-2.0 */
/* Alpine's secdb; what it gives goes into a set. */
#include <stdint.h>

#include "rebake/advisory/read.h"
#include "rebake/advisory/set.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_err err = {0};
    struct rb_advisory_set_builder *builder = rb_advisory_set_builder_new(RB_ORIGIN_DISTRIBUTION);
    int status =
        rb_secdb_read((const char *)data, size, "feed", rb_advisory_set_builder_add, builder, &err);
    RB_ASSERT(status == (int)err.code);
    rb_advisory_set_builder_free(builder);
    return 0;
}
