/* SPDX-License-Identifier: Apache-2.0 */
/* A set of advisories. Its checksum is made to hold first, so that all behind it is reached. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <zlib.h>

#include "advisory/set_format.h"
#include "rebake/advisory/match.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend_checksum(uint8_t *file, size_t size)
{
    struct rb_set_header header;
    if (size < sizeof(header))
        return;
    memcpy(&header, file, sizeof(header));
    header.checksum = (uint32_t)crc32_z(0, file + sizeof(header), size - sizeof(header));
    memcpy(file, &header, sizeof(header));
}

static void match(const struct rb_advisory_set *set, const char *name, struct rb_arena *arena)
{
    struct rb_inventory inventory = {
        .distribution = "debian", .distribution_version = "12", .codename = ""};
    struct rb_package package = {.type = RB_PACKAGE_DEB,
                                 .name = name,
                                 .version = "1.0-1",
                                 .source_name = name,
                                 .source_version = "1.0-1"};
    struct rb_advisory_source sources[] = {{"one", set}, {"two", set}};
    struct rb_finding *findings;
    (void)rb_advisory_match(&inventory, &package, sources, 2, arena, &findings);
}

static void read_all(const struct rb_advisory_set *set)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < rb_advisory_set_count(set) && i < 100; i++) {
        struct rb_advisory advisory;
        size_t first, count;
        rb_advisory_set_get(set, i, arena, &advisory);
        count = rb_advisory_set_find(set, advisory.id, &first);
        for (size_t j = first; j < first + count; j++)
            RB_ASSERT(rb_advisory_set_named(set, j) < rb_advisory_set_count(set));
        for (size_t j = 0; j < advisory.affected_count && j < 10; j++)
            match(set, advisory.affected[j].package, arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP_FREE uint8_t *file = rb_alloc(size);
    if (size > 0)
        memcpy(file, data, size);
    mend_checksum(file, size);
    RB_CLEANUP_CLOSE int fd = memfd_create("set", MFD_CLOEXEC);
    RB_ASSERT(fd >= 0 && rb_write_all(fd, file, size, NULL) == 0);
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    struct rb_advisory_set *set = NULL;
    if (rb_advisory_set_open(path, &set, NULL) == 0) {
        read_all(set);
        rb_advisory_set_close(set);
    }
    return 0;
}
