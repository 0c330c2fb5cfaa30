/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers: seeded ones for jitter and tests (xoshiro256**, Blackman and Vigna 2018; not for
   secrets), and bytes from the kernel for identifiers. */
#ifndef REBAKE_BASE_RANDOM_H
#define REBAKE_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct rb_random {
    uint64_t state[4];
};

void rb_random_seed(struct rb_random *random, uint64_t seed);
uint64_t rb_random_next(struct rb_random *random);
uint64_t rb_random_below(struct rb_random *random, uint64_t limit); /* 0 .. limit-1; limit > 0 */
void rb_random_system(void *data,
                      size_t size); /* from getrandom(2); aborts if the kernel refuses */

#endif
