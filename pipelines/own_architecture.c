/* SPDX-License-Identifier: Apache-2.0 */
#include "own_architecture.h"

/* Debian's name, rpm's, Alpine's. */
#if defined(__x86_64__)
static const char *const names[] = {"amd64", "x86_64", "x86_64"};
#elif defined(__aarch64__)
static const char *const names[] = {"arm64", "aarch64", "aarch64"};
#elif defined(__arm__)
static const char *const names[] = {"armhf", "armv7hl", "armv7"};
#elif defined(__i386__)
static const char *const names[] = {"i386", "i686", "x86"};
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
static const char *const names[] = {"ppc64el", "ppc64le", "ppc64le"};
#elif defined(__s390x__)
static const char *const names[] = {"s390x", "s390x", "s390x"};
#elif defined(__riscv) && __riscv_xlen == 64
static const char *const names[] = {"riscv64", "riscv64", "riscv64"};
#else
#error "tell this architecture's names"
#endif

const char *const *rb_own_architectures(struct rb_arena *arena, enum rb_package_format format)
{
    const char **own = rb_arena_array(arena, 2, sizeof(char *));
    own[0] = names[format];
    return own;
}
