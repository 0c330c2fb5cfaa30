/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { OPEN_TRIES = 1000 };

int rb_write_all(int fd, const void *data, size_t size, struct rb_err *err)
{
    const char *at = data;
    while (size > 0) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return rb_err_sys(err, errno, "write");
        at += written;
        size -= (size_t)written;
    }
    return 0;
}

static int read_up_to(int fd, const char *path, size_t maximum, char **ret_data, size_t *ret_size,
                      struct rb_err *err)
{
    size_t capacity = 4096, size = 0;
    RB_CLEANUP_FREE char *data = rb_alloc(capacity + 1);
    for (;;) {
        if (size > maximum)
            return rb_err_set(err, RB_ELIMIT, "%s is larger than %zu bytes", path, maximum);
        if (size == capacity) {
            capacity *= 2;
            data = rb_realloc(data, capacity + 1);
        }
        ssize_t got = read(fd, data + size, capacity - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_err_sys(err, errno, "read %s", path);
        if (got == 0)
            break;
        size += (size_t)got;
    }
    data[size] = '\0';
    *ret_data = rb_steal(&data);
    if (ret_size != NULL)
        *ret_size = size;
    return 0;
}

int rb_file_read(const char *path, size_t maximum, char **ret_data, size_t *ret_size,
                 struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "stat %s", path);
    if (!S_ISREG(status.st_mode))
        return rb_err_set(err, RB_EINVALID, "%s is not a regular file", path);
    return read_up_to(fd, path, maximum, ret_data, ret_size, err);
}

/* flags: O_DIRECTORY for a folder, else 0. */
static int sync_path(const char *path, int flags, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    return fsync(fd) == 0 ? 0 : rb_err_sys(err, errno, "sync %s", path);
}

static int rename_durably(const char *from, const char *path, struct rb_err *err)
{
    RB_CLEANUP_FREE char *copy = rb_strdup(path);
    if (rename(from, path) != 0)
        return rb_err_sys(err, errno, "rename %s to %s", from, path);
    return sync_path(dirname(copy), O_DIRECTORY, err);
}

static int fill_temporary(int fd, const char *temporary, const struct iovec *pieces, size_t count,
                          mode_t mode, struct rb_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (rb_write_all(fd, pieces[i].iov_base, pieces[i].iov_len, err) != 0)
            return rb_err_wrap(err, "%s", temporary);
    }
    if (fchmod(fd, mode) != 0)
        return rb_err_sys(err, errno, "chmod %s", temporary);
    if (fsync(fd) != 0)
        return rb_err_sys(err, errno, "sync %s", temporary);
    return 0;
}

int rb_file_write_pieces(const char *path, const struct iovec *pieces, size_t count, mode_t mode,
                         struct rb_err *err)
{
    RB_CLEANUP_FREE char *temporary = rb_asprintf("%s.XXXXXX", path);
    RB_CLEANUP_CLOSE int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return rb_err_sys(err, errno, "create %s", temporary);
    int status = fill_temporary(fd, temporary, pieces, count, mode, err);
    if (status == 0)
        status = rename_durably(temporary, path, err);
    if (status != 0)
        (void)unlink(temporary);
    return status;
}

int rb_file_write_atomic(const char *path, const void *data, size_t size, mode_t mode,
                         struct rb_err *err)
{
    struct iovec whole = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    return rb_file_write_pieces(path, &whole, 1, mode, err);
}

int rb_file_put_in_place(const char *from, const char *path, struct rb_err *err)
{
    int status = sync_path(from, 0, err);
    return status == 0 ? rename_durably(from, path, err) : status;
}

int rb_open_inside(int folder_fd, const char *path, int flags, uint64_t resolve)
{
    struct open_how how = {.flags = (unsigned)(flags | O_CLOEXEC), .resolve = resolve};
    for (int tries = 1;; tries++) {
        int fd = (int)syscall(SYS_openat2, folder_fd, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN || tries == OPEN_TRIES)
            return fd;
        (void)sched_yield();
    }
}

bool rb_file_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

int rb_file_size(const char *path, int64_t *ret_bytes, struct rb_err *err)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return rb_err_sys(err, errno, "stat %s", path);
    *ret_bytes = status.st_size;
    return 0;
}

int rb_folder_make(const char *path, mode_t mode, struct rb_err *err)
{
    RB_CLEANUP_FREE char *copy = rb_strdup(path);
    for (char *at = copy + 1; copy[0] != '\0'; at++) {
        if (*at != '/' && *at != '\0')
            continue;
        char kept = *at;
        *at = '\0';
        if (mkdir(copy, mode) != 0 && errno != EEXIST)
            return rb_err_sys(err, errno, "make folder %s", copy);
        if (kept == '\0')
            break;
        *at = kept;
    }
    struct stat status;
    if (stat(path, &status) != 0)
        return rb_err_sys(err, errno, "make folder %s", path);
    if (!S_ISDIR(status.st_mode))
        return rb_err_set(err, RB_EEXIST, "%s exists and is not a folder", path);
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

int rb_tree_remove(const char *path, struct rb_err *err)
{
    if (nftw(path, remove_entry, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 || errno == ENOENT)
        return 0;
    return rb_err_sys(err, errno, "remove %s", path);
}

int rb_folder_make_temporary(const char *prefix, char **ret_path, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%sXXXXXX", prefix);
    if (mkdtemp(path) == NULL)
        return rb_err_sys(err, errno, "make folder %s", path);
    *ret_path = rb_steal(&path);
    return 0;
}

void rb_file_note_use(const char *path)
{
    (void)utimensat(AT_FDCWD, path, NULL, 0);
}

static void prune_file(int folder_fd, const char *name, int64_t used_before)
{
    struct stat status;
    if (fstatat(folder_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode) &&
        (int64_t)status.st_mtim.tv_sec * 1000 < used_before)
        (void)unlinkat(folder_fd, name, 0);
}

void rb_folder_prune(const char *folder, const char *ending, int64_t unused_ms)
{
    int64_t used_before = rb_clock_now(&rb_clock_system) - unused_ms;
    DIR *entries = opendir(folder);
    const struct dirent *entry;
    if (entries == NULL)
        return;
    while ((entry = readdir(entries)) != NULL) {
        if (rb_text_ends_with(entry->d_name, ending))
            prune_file(dirfd(entries), entry->d_name, used_before);
    }
    (void)closedir(entries);
}
