/* SPDX-License-Identifier: Apache-2.0 */
/* A line of EPSS; the first byte says whether it is the first, the second or a later one. */
#include <stdint.h>

#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char date[RB_FEED_DATE_SIZE];
    struct rb_err err = {0};
    if (size == 0)
        return 0;
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_EPSS);
    RB_CLEANUP_FREE char *line = rb_strndup((const char *)data + 1, size - 1);
    int status = rb_epss_read_line(line, data[0] % 3 + 1, "feed", builder, date, &err);
    RB_ASSERT(status == (int)err.code);
    rb_threats_builder_free(builder);
    return 0;
}
