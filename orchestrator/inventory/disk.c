/* SPDX-License-Identifier: Apache-2.0 */
#include "disk.h"

#include <errno.h>
#include <fcntl.h>
#include <libnbd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/bytes.h"
#include "rebake/base/memory.h"

struct disk {
    char *path;
    int fd;                 /* raw; else -1 */
    struct nbd_handle *nbd; /* qcow2; else NULL */
    uint64_t size;
};

/* qcow2 (QEMU's docs/interop/qcow2.txt): where a header says that there is another file. */
enum {
    QCOW2_MAGIC = 0x514649fb,
    QCOW2_HEADER_BYTES = 80,
    QCOW2_BACKING_AT = 8,
    QCOW2_VERSION_AT = 4,
    QCOW2_FEATURES_AT = 72,
    QCOW2_EXTERNAL_DATA = 1 << 2
};

static int read_fully(int fd, uint64_t offset, void *buffer, size_t size, const char *path,
                      struct rb_err *err)
{
    char *at = buffer;
    while (size > 0) {
        ssize_t got = pread(fd, at, size, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_err_sys(err, errno, "read %s", path);
        if (got == 0)
            return rb_err_set(err, RB_EINVALID, "%s ends early", path);
        at += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return 0;
}

static int nbd_failure(const struct disk *disk, struct rb_err *err)
{
    const char *text = nbd_get_error();
    return rb_err_set(err, RB_EINVALID, "%s cannot be read by qemu-nbd: %.300s", disk->path,
                      text == NULL ? "it does not say why" : text);
}

static int open_qcow2(struct disk *disk, struct rb_err *err)
{
    char *arguments[] = {(char[]){"qemu-nbd"},
                         (char[]){"--read-only"},
                         (char[]){"--format=qcow2"},
                         (char[]){"--"},
                         disk->path,
                         NULL};
    disk->nbd = nbd_create();
    if (disk->nbd == NULL || nbd_connect_systemd_socket_activation(disk->nbd, arguments) != 0)
        return nbd_failure(disk, err);
    int64_t size = nbd_get_size(disk->nbd);
    if (size < 0)
        return nbd_failure(disk, err);
    disk->size = (uint64_t)size;
    return 0;
}

static int judge_header(const struct disk *disk, const uint8_t *header, struct rb_err *err)
{
    bool has_features = rb_be32(header + QCOW2_VERSION_AT) >= 3;
    if (rb_be64(header + QCOW2_BACKING_AT) == 0 &&
        !(has_features && (rb_be64(header + QCOW2_FEATURES_AT) & QCOW2_EXTERNAL_DATA) != 0))
        return 0;
    return rb_err_set(err, RB_EINVALID,
                      "%s keeps its content in another file: make one of them (qemu-img convert)",
                      disk->path);
}

static int open_disk(struct disk *disk, struct rb_err *err)
{
    uint8_t header[QCOW2_HEADER_BYTES];
    struct stat status;
    disk->fd = open(disk->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (disk->fd < 0 || fstat(disk->fd, &status) != 0)
        return rb_err_sys(err, errno, "open %s", disk->path);
    if (!S_ISREG(status.st_mode))
        return rb_err_set(err, RB_EINVALID, "%s is not a regular file", disk->path);
    disk->size = (uint64_t)status.st_size;
    if (disk->size < QCOW2_HEADER_BYTES)
        return rb_err_set(err, RB_EINVALID, "%s is too small for a disk", disk->path);
    int code = read_fully(disk->fd, 0, header, sizeof(header), disk->path, err);
    if (code != 0 || rb_be32(header) != QCOW2_MAGIC)
        return code;
    code = judge_header(disk, header, err);
    return code == 0 ? open_qcow2(disk, err) : code;
}

int disk_open(const char *path, struct disk **ret_disk, struct rb_err *err)
{
    struct disk *disk = rb_zalloc(sizeof(*disk));
    disk->path = rb_strdup(path);
    disk->fd = -1;
    int status = open_disk(disk, err);
    if (status != 0)
        disk_close(disk);
    else
        *ret_disk = disk;
    return status;
}

void disk_close(struct disk *disk)
{
    if (disk == NULL)
        return;
    nbd_close(disk->nbd);
    rb_cleanup_close(&disk->fd);
    rb_free(disk->path);
    rb_free(disk);
}

uint64_t disk_size(const struct disk *disk)
{
    return disk->size;
}

int disk_read(struct disk *disk, uint64_t offset, void *buffer, size_t size, struct rb_err *err)
{
    if (offset > disk->size || size > disk->size - offset)
        return rb_err_set(err, RB_EINVALID, "%s ends early", disk->path);
    if (disk->nbd == NULL)
        return read_fully(disk->fd, offset, buffer, size, disk->path, err);
    return nbd_pread(disk->nbd, buffer, size, offset, 0) == 0 ? 0 : nbd_failure(disk, err);
}
