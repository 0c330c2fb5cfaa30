/* SPDX-License-Identifier: Apache-2.0 */
#include "deflated.h"

#include <zlib.h>

#include "rebake/base/memory.h"

void *deflated_make(const char *content, size_t size, size_t *ret_size)
{
    uLongf deflated_size = compressBound(size);
    Bytef *deflated = rb_alloc(deflated_size);
    RB_ASSERT(compress(deflated, &deflated_size, (const Bytef *)content, size) == Z_OK);
    *ret_size = deflated_size;
    return deflated;
}

char *deflated_read(struct query *query, size_t maximum, size_t *ret_size)
{
    size_t deflated_size;
    uint64_t size = (uint64_t)query_integer(query);
    const void *deflated = query_bytes(query, &deflated_size);
    if (size > maximum)
        return NULL;
    uLongf inflated_size = size;
    RB_CLEANUP_FREE char *content = rb_zalloc(size + 1);
    if (uncompress((Bytef *)content, &inflated_size, deflated, deflated_size) != Z_OK ||
        inflated_size != size)
        return NULL;
    *ret_size = size;
    return rb_steal(&content);
}
