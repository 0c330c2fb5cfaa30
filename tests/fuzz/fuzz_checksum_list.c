/* SPDX-License-Identifier: Apache-2.0 */
/* A checksum that is found stands in the list, in either case. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "watch/checksum_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char sha256[RB_SHA256_HEX_SIZE];
    struct rb_err err;
    if (rb_checksum_list_find((const char *)data, size, "tool.bin", "list", sha256, &err) != 0)
        return 0;
    RB_CLEANUP_FREE char *list = rb_strndup((const char *)data, size);
    RB_ASSERT(strlen(sha256) == RB_SHA256_HEX_SIZE - 1);
    RB_ASSERT(memchr(data, '\0', size) != NULL || strcasestr(list, sha256) != NULL);
    return 0;
}
