/* SPDX-License-Identifier: Apache-2.0 */
/* A list of mirrors that is accepted names one at least, and each can be asked. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "watch/mirrorlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_mirrorlist list = {0};
    struct rb_err err;
    if (rb_mirrorlist_parse((const char *)data, size, "list", &list, &err) != 0)
        return 0;
    RB_ASSERT(list.urls.count > 0 && list.state_count <= RB_MIRRORLIST_STATES);
    for (size_t i = 0; i < list.urls.count; i++)
        RB_ASSERT(rb_text_starts_with(list.urls.items[i], "https://") ||
                  rb_text_starts_with(list.urls.items[i], "http://"));
    (void)rb_mirrorlist_allows(&list, data, size);
    rb_mirrorlist_deinit(&list);
    return 0;
}
