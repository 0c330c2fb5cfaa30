/* SPDX-License-Identifier: Apache-2.0 */
#include "root_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

enum { DEPTH_MAXIMUM = 16 };

int root_folder_open(struct root_folder *folder, const char *path, struct rb_err *err)
{
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder->fd < 0 ? rb_err_sys(err, errno, "open folder %s", path) : 0;
}

void root_folder_close(struct root_folder *folder)
{
    rb_cleanup_close(&folder->fd);
    folder->fd = -1;
}

static int open_inside(const struct root_folder *folder, const char *path, int flags)
{
    return rb_open_inside(folder->fd, path, flags | O_RDONLY | O_NONBLOCK,
                          RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/* What is not there, is a folder in place of a file, or is a loop, is simply not there. */
static bool is_absence(int number)
{
    return number == ENOENT || number == ENOTDIR || number == ELOOP || number == ENXIO;
}

static int read_open_file(int fd, const char *path, size_t size, struct rb_arena *arena,
                          const char **ret_data, size_t *ret_size, struct rb_err *err)
{
    char *data = rb_arena_alloc(arena, size + 1);
    size_t filled = 0;
    while (filled < size) {
        ssize_t got = read(fd, data + filled, size - filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_err_sys(err, errno, "read %s", path);
        if (got == 0)
            break; /* it shrank meanwhile */
        filled += (size_t)got;
    }
    *ret_data = data;
    *ret_size = filled;
    return 0;
}

static int read_file(void *context, const char *path, struct rb_arena *arena, const char **ret_data,
                     size_t *ret_size, struct rb_err *err)
{
    *ret_data = NULL;
    RB_CLEANUP_CLOSE int fd = open_inside(context, path, O_NOCTTY);
    if (fd < 0)
        return is_absence(errno) ? 0 : rb_err_sys(err, errno, "open %s", path);
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "stat %s", path);
    if (!S_ISREG(status.st_mode))
        return 0;
    if (status.st_size > TREE_FILE_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than we read (%lld bytes)", path,
                          (long long)status.st_size);
    return read_open_file(fd, path, (size_t)status.st_size, arena, ret_data, ret_size, err);
}

static int list_folder(struct root_folder *root, const char *path, int depth,
                       struct rb_strlist *ret_paths, struct rb_err *err)
{
    int fd = open_inside(root, path, O_DIRECTORY);
    if (fd < 0)
        return is_absence(errno) ? 0 : rb_err_sys(err, errno, "open folder %s", path);
    DIR *folder = fdopendir(fd);
    if (folder == NULL) {
        int number = errno;
        (void)close(fd);
        return rb_err_sys(err, number, "open folder %s", path);
    }
    int status = 0;
    const struct dirent *entry;
    while (status == 0 && (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        RB_CLEANUP_FREE char *inner = rb_asprintf("%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR)
            status = depth == DEPTH_MAXIMUM
                         ? rb_err_set(err, RB_ELIMIT, "folders are too deep at %s", path)
                         : list_folder(root, inner, depth + 1, ret_paths, err);
        else if (ret_paths->count >= TREE_ITEMS_MAXIMUM)
            status = rb_err_set(err, RB_ELIMIT, "more than %d files stand below %s",
                                TREE_ITEMS_MAXIMUM, path);
        else
            rb_strlist_add(ret_paths, inner);
    }
    (void)closedir(folder);
    return status;
}

static int list_files(void *context, const char *folder, struct rb_strlist *ret_paths,
                      struct rb_err *err)
{
    int status = list_folder(context, folder, 0, ret_paths, err);
    rb_strlist_sort(ret_paths);
    return status;
}

struct file_tree root_folder_tree(struct root_folder *folder)
{
    return (struct file_tree){.context = folder, .read = read_file, .list = list_files};
}
