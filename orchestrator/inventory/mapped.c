/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/mapped.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <zlib.h>

#include "rebake/base/memory.h"

int rb_mapped_open(const char *path, size_t minimum, void **ret_map, size_t *ret_size,
                   struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "stat %s", path);
    if (!S_ISREG(status.st_mode) || status.st_size == 0 || (size_t)status.st_size < minimum)
        return rb_err_set(err, RB_EINVALID, "%s: too short to be a file of this version of Rebake",
                          path);
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return rb_err_sys(err, errno, "map %s", path);
    *ret_map = map;
    *ret_size = (size_t)status.st_size;
    return 0;
}

void rb_mapped_close(void *map, size_t size)
{
    if (map != NULL)
        (void)munmap(map, size);
}

struct iovec rb_mapped_piece(const void *data, size_t size)
{
    return (struct iovec){.iov_base = (void *)(uintptr_t)data, .iov_len = size};
}

uint32_t rb_mapped_checksum(const struct iovec *pieces, size_t count)
{
    unsigned long checksum = 0;
    /* To zlib no memory is the wish for a new checksum, not a piece of no bytes. */
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].iov_len > 0)
            checksum = crc32_z(checksum, pieces[i].iov_base, pieces[i].iov_len);
    }
    return (uint32_t)checksum;
}
