/* SPDX-License-Identifier: Apache-2.0 */
/* No headers and no body prove a sender who does not have the secret. */
#include <stdlib.h>

#include "hook_input.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hook_input input;
    char key[RB_HOOK_KEY_SIZE];
    struct rb_err err;
    setenv("REBAKE_SECRETS", "/nonexistent", 1);
    setenv("REBAKE_SECRET_FUZZ", "4c1f6a02b1d90f7d3a55e0c2d9b1", 1);
    if (hook_input_read(&input, data, size)) {
        enum rb_hook_outcome outcome = rb_hook_verify(&input.hook, &input.request, key, &err);
        RB_ASSERT(outcome == RB_HOOK_UNSIGNED || outcome == RB_HOOK_FORGED);
    }
    hook_input_deinit(&input);
    return 0;
}
