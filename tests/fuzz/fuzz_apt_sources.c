/* SPDX-License-Identifier: Apache-2.0 */
/* apt's sources, in both forms: what is accepted is whole. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/outdated.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int is_deb822 = 0; is_deb822 <= 1; is_deb822++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_apt_source *sources = NULL;
        size_t count = 0, capacity = 0;
        if (rb_apt_sources_parse((const char *)data, size, is_deb822 == 1, "file", arena, &sources,
                                 &count, &capacity, NULL) != 0)
            continue;
        RB_ASSERT(count <= RB_APT_SOURCES_MAX);
        for (size_t i = 0; i < count; i++) {
            RB_ASSERT(sources[i].url != NULL && sources[i].suite != NULL);
            RB_ASSERT(sources[i].components != NULL && sources[i].architectures != NULL);
        }
    }
    return 0;
}
