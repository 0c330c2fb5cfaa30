/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a saved image, and the links between them. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "tar_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const NAMES[] = {"manifest.json", "index.json", "a/layer.tar", "link", "."};
    RB_CLEANUP_CLOSE int fd = memfd_create("tar", MFD_CLOEXEC);
    char path[64];
    struct tar_index *index;
    struct rb_err err;
    RB_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (tar_index_open(path, &index, &err) != 0)
        return 0;
    for (size_t i = 0; i < RB_COUNT_OF(NAMES); i++) {
        const struct tar_member *member = tar_index_find(index, NAMES[i]);
        RB_ASSERT(member == NULL || member->target == NULL);
    }
    tar_index_free(index);
    return 0;
}
