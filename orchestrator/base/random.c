/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/random.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "rebake/base/memory.h"

static uint64_t rotate_left(uint64_t value, int count)
{
    return (value << count) | (value >> (64 - count));
}

/* The state is filled by splitmix64, as the authors of xoshiro256** advise. */
void rb_random_seed(struct rb_random *random, uint64_t seed)
{
    for (size_t i = 0; i < 4; i++) {
        uint64_t mixed = seed += 0x9e3779b97f4a7c15U;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebU;
        random->state[i] = mixed ^ (mixed >> 31);
    }
}

uint64_t rb_random_next(struct rb_random *random)
{
    uint64_t *state = random->state;
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return result;
}

uint64_t rb_random_below(struct rb_random *random, uint64_t limit)
{
    RB_ASSERT(limit > 0);
    /* Values in the last, incomplete run of `limit` are drawn again: no bias. */
    uint64_t threshold = -limit % limit;
    for (;;) {
        uint64_t value = rb_random_next(random);
        if (value >= threshold)
            return value % limit;
    }
}

void rb_random_system(void *data, size_t size)
{
    unsigned char *at = data;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        RB_ASSERT(got > 0);
        at += got;
        size -= (size_t)got;
    }
}
