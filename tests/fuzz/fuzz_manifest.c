/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/net/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rb_platform PLATFORMS[] = {
        {"linux", "amd64", NULL}, {"linux", "arm", "v7"}, {"windows", "amd64", NULL}};
    RB_CLEANUP_JSON json_t *document = NULL;
    struct rb_err err;
    bool is_index;
    if (rb_json_parse((const char *)data, size, "manifest", &document, &err) != 0 ||
        rb_manifest_is_index(document, NULL, "manifest", &is_index, &err) != 0)
        return 0;
    for (size_t i = 0; i < RB_COUNT_OF(PLATFORMS); i++) {
        struct rb_descriptor entry;
        if (rb_index_choose(document, &PLATFORMS[i], "index", &entry, &err) != 0)
            continue;
        RB_ASSERT(is_index);
        RB_ASSERT(rb_digest_is_valid(entry.digest) && entry.size_bytes >= 0);
    }
    return 0;
}
