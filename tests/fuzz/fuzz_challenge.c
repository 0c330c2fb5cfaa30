/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <string.h>

#include "challenge.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE char *field = rb_strndup((const char *)data, size);
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_challenges challenges = {0};
    struct rb_err err;
    if (rb_challenges_parse(arena, field, &challenges, &err) != 0)
        return 0;
    /* What was read lies in the field, piece by piece, so it is never longer. */
    size_t read = 0;
    for (size_t i = 0; i < challenges.count; i++) {
        const struct rb_challenge *challenge = &challenges.items[i];
        RB_ASSERT(rb_challenges_find(&challenges, challenge->scheme) != NULL);
        read += strlen(challenge->scheme);
        read += challenge->token68 != NULL ? strlen(challenge->token68) : 0;
        for (size_t k = 0; k < challenge->parameter_count; k++)
            read += strlen(challenge->parameters[k].name) + strlen(challenge->parameters[k].value);
    }
    RB_ASSERT(read <= strlen(field));
    return 0;
}
