/* SPDX-License-Identifier: Apache-2.0 */
/* A file of an apk repository: taken apart whatever it is, and read as if its signature held. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/apk_index.h"
#include "watch/apk_signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_index(const void *content, size_t size)
{
    struct rb_index_builder *builder = rb_index_builder_new_ordered(&rb_version_apk);
    struct rb_apk_index index;
    struct rb_err err;
    if (rb_apk_index_read(content, size, "x86_64", "index", builder, &index, &err) == 0)
        RB_ASSERT(strlen(index.description) < RB_APK_DESCRIPTION_SIZE && index.made_at >= 0);
    rb_index_builder_free(builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE struct rb_apk_signed *parts = rb_alloc(sizeof(*parts));
    struct rb_err err;
    read_index(data, size);
    if (rb_apk_signed_split(data, size, "index", parts, &err) != 0)
        return 0;
    RB_ASSERT(parts->count > 0 && parts->count <= RB_APK_SIGNATURES && parts->content_size > 0);
    RB_ASSERT((const uint8_t *)parts->content + parts->content_size == data + size);
    for (size_t i = 0; i < parts->count; i++)
        RB_ASSERT(strchr(parts->signatures[i].key, '/') == NULL && parts->signatures[i].size > 0);
    read_index(parts->content, parts->content_size);
    return 0;
}
