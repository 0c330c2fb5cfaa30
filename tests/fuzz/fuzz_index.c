/* SPDX-License-Identifier: Apache-2.0 */
/* A package index file. Its checksum is made to hold first, so that all behind it is reached. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

enum { CHECKSUM_AT = 16, HEADER_SIZE = 24 }; /* orchestrator/inventory/index_format.h */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct rb_index *index)
{
    for (size_t i = 0; i < rb_index_count(index); i++) {
        struct rb_offer offer;
        rb_index_get(index, i, &offer);
        size_t first;
        size_t length = strlen(offer.version) + strlen(offer.architecture) +
                        strlen(offer.source_name) + strlen(offer.source_version);
        RB_ASSERT(length < SIZE_MAX);
        RB_ASSERT(rb_index_find(index, offer.name, &first) <= rb_index_count(index));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE uint8_t *file = rb_alloc(size);
    if (size > 0)
        memcpy(file, data, size);
    if (size >= HEADER_SIZE) {
        uint32_t checksum = (uint32_t)crc32_z(0, file + HEADER_SIZE, size - HEADER_SIZE);
        memcpy(file + CHECKSUM_AT, &checksum, sizeof(checksum));
    }
    RB_CLEANUP_CLOSE int fd = memfd_create("index", MFD_CLOEXEC);
    RB_ASSERT(fd >= 0 && rb_write_all(fd, file, size, NULL) == 0);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct rb_index *index = NULL;
    if (rb_index_open(path, &index, NULL) == 0) {
        read_all(index);
        rb_index_close(index);
    }
    return 0;
}
