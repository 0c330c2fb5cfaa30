/* SPDX-License-Identifier: Apache-2.0 */
/* A recipe that was pinned names only what is pinned: pinned again it is the same text. */
#include <stdint.h>
#include <string.h>

#include "build/containerfile.h"
#include "rebake/base/memory.h"

#define DIGEST "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct recipe_variable arguments[] = {{"GIVEN", "runtime"}, {"OTHER", "a b"}};
    const struct containerfile_options options = {
        .file = "Containerfile",
        .base_name = "runtime",
        .base_tagged = "docker.io/library/debian:bookworm-slim",
        .base_pinned = "docker.io/library/debian" DIGEST,
        .arguments = arguments,
        .argument_count = RB_COUNT_OF(arguments),
    };
    RB_CLEANUP(containerfile_deinit) struct containerfile first = {0};
    RB_CLEANUP(containerfile_deinit) struct containerfile second = {0};
    struct rb_err err;
    if (containerfile_pin((const char *)data, size, &options, &first, &err) != 0)
        return 0;
    RB_ASSERT(containerfile_pin(first.text, strlen(first.text), &options, &second, &err) == 0);
    RB_ASSERT(strcmp(first.text, second.text) == 0);
    RB_ASSERT(first.pinned.count == second.pinned.count);
    return 0;
}
