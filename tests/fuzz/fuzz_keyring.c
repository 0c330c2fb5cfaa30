/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of a keyring is no longer than what went in, and binary where it was binary. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/watch/keyring.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *binary = NULL;
    size_t binary_size = 0;
    struct rb_err err;
    if (rb_keyring_to_binary((const char *)data, size, "keyring", &binary, &binary_size, &err) != 0)
        return 0;
    RB_ASSERT(binary_size > 0 && binary_size <= size);
    if ((data[0] & 0x80) != 0)
        RB_ASSERT(binary_size == size && memcmp(binary, data, size) == 0);
    return 0;
}
