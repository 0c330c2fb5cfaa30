/* SPDX-License-Identifier: Apache-2.0 */
#include "root_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { DEPTH_MAXIMUM = 64, ENTRIES_MAXIMUM = 5000000 };

struct walk {
    struct finds *finds;
    dev_t device;
    size_t entries;
};

static int read_file(void *context, void *buffer, size_t room, size_t *ret_size, struct rb_err *err)
{
    ssize_t got;
    do
        got = read(*(const int *)context, buffer, room);
    while (got < 0 && errno == EINTR);
    *ret_size = got > 0 ? (size_t)got : 0;
    return got < 0 ? rb_err_sys(err, errno, "read") : 0;
}

static int skip_file(void *context, uint64_t size, struct rb_err *err)
{
    bool is_done = size <= INT64_MAX && lseek(*(const int *)context, (off_t)size, SEEK_CUR) >= 0;
    return is_done ? 0 : rb_err_sys(err, errno, "seek");
}

static int look_at_file(const struct walk *walk, int folder, const char *name, const char *path,
                        mode_t mode, struct rb_err *err)
{
    bool is_executable = (mode & (S_IXUSR | S_IXGRP | S_IXOTH)) != 0;
    if (!finds_wants(path, is_executable))
        return 0;
    RB_CLEANUP_CLOSE int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) /* it has gone meanwhile, or become a link */
        return errno == ENOENT || errno == ELOOP ? 0 : rb_err_sys(err, errno, "open %s", path);
    const struct file_bytes bytes = {.context = &fd, .read = read_file, .skip = skip_file};
    int status = finds_read(walk->finds, path, is_executable, &bytes, err);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", path);
}

static int walk_folder(struct walk *walk, int fd, const char *path, int depth, struct rb_err *err);

static int look_at(struct walk *walk, int folder, const char *name, const char *path, int depth,
                   struct rb_err *err)
{
    struct stat status;
    if (fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : rb_err_sys(err, errno, "stat %s", path);
    if (S_ISREG(status.st_mode))
        return look_at_file(walk, folder, name, path, status.st_mode, err);
    if (!S_ISDIR(status.st_mode) || status.st_dev != walk->device)
        return 0;
    if (depth == DEPTH_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "folders are too deep at %s", path);
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP || errno == ENOTDIR
                   ? 0
                   : rb_err_sys(err, errno, "open folder %s", path);
    return walk_folder(walk, fd, path, depth + 1, err);
}

/* Closes fd. */
static int walk_folder(struct walk *walk, int fd, const char *path, int depth, struct rb_err *err)
{
    DIR *folder = fdopendir(fd);
    const struct dirent *entry;
    int status = 0;
    if (folder == NULL) {
        status = rb_err_sys(err, errno, "open folder %s", path);
        (void)close(fd);
        return status;
    }
    while (status == 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        RB_CLEANUP_FREE char *inner =
            rb_asprintf("%s%s%s", path, *path == '\0' ? "" : "/", entry->d_name);
        status =
            ++walk->entries > ENTRIES_MAXIMUM
                ? rb_err_set(err, RB_ELIMIT, "the folder has more than %d files", ENTRIES_MAXIMUM)
                : look_at(walk, fd, entry->d_name, inner, depth, err);
    }
    (void)closedir(folder);
    return status;
}

int root_walk(const struct root_folder *folder, struct finds *finds, struct rb_err *err)
{
    struct walk walk = {.finds = finds};
    struct stat status;
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        int code = rb_err_sys(err, errno, "open the folder");
        if (fd >= 0)
            (void)close(fd);
        return code;
    }
    walk.device = status.st_dev;
    return walk_folder(&walk, fd, "", 0, err);
}
