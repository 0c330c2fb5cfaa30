/* SPDX-License-Identifier: Apache-2.0 */
/* A package index file. Its checksums are made to hold first, so that all behind them is reached:
   by lookups, and by a builder that knows it. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "index_format.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend_checksums(uint8_t *file, size_t size)
{
    struct rb_index_header header;
    if (size < sizeof(header))
        return;
    memcpy(&header, file, sizeof(header));
    if (header.origin_size > size - sizeof(header))
        return;
    size_t body_size = size - sizeof(header) - header.origin_size;
    header.checksum = (uint32_t)crc32_z(0, file + sizeof(header), body_size);
    header.origin_checksum =
        (uint32_t)crc32_z(0, file + sizeof(header) + body_size, header.origin_size);
    memcpy(file, &header, sizeof(header));
}

/* It may say what it likes of what it was made of. Writing comes as far as the file. */
static void build_upon(const struct rb_index *index)
{
    static const char TEXT[] = "Package: a\nVersion: 1\nArchitecture: all\n\n"
                               "Package: b\nVersion: 1\nArchitecture: all\n\n";
    static const char KEY[] = "0000000000000000000000000000000000000000000000000000000000000000";
    struct rb_index_builder *builder = rb_index_builder_new_from(index);
    (void)rb_index_builder_take_file(builder, KEY);
    RB_ASSERT(rb_index_builder_feed(builder, TEXT, strlen(TEXT), NULL) == 0);
    RB_ASSERT(rb_index_builder_end_file(builder, "fed", NULL) == 0);
    RB_ASSERT(rb_index_builder_write(builder, "/dev/null/x", NULL) != 0);
    rb_index_builder_free(builder);
}

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
    mend_checksums(file, size);
    RB_CLEANUP_CLOSE int fd = memfd_create("index", MFD_CLOEXEC);
    RB_ASSERT(fd >= 0 && rb_write_all(fd, file, size, NULL) == 0);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct rb_index *index = NULL;
    if (rb_index_open(path, &index, NULL) == 0) {
        read_all(index);
        build_upon(index);
        rb_index_close(index);
    }
    return 0;
}
