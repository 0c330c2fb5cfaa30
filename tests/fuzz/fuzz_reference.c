/* SPDX-License-Identifier: Apache-2.0 */
/* A reference that is accepted is written out as a reference that means the same. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *text = rb_strndup((const char *)data, size);
    RB_CLEANUP(rb_reference_deinit) struct rb_reference first = {0};
    RB_CLEANUP(rb_reference_deinit) struct rb_reference second = {0};
    struct rb_err err;
    if (rb_reference_parse(text, &first, &err) != 0)
        return 0;
    RB_CLEANUP_FREE char *written = rb_reference_format(&first);
    RB_ASSERT(rb_reference_parse(written, &second, &err) == 0);
    RB_ASSERT(rb_text_equal(first.registry, second.registry));
    RB_ASSERT(rb_text_equal(first.repository, second.repository));
    RB_ASSERT(rb_text_equal(first.tag, second.tag));
    RB_ASSERT(rb_text_equal(first.digest, second.digest));
    (void)rb_reference_is_loopback(&first);
    return 0;
}
