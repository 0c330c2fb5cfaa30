/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "migrate.h"
#include "rebake/base/memory.h"

static const char SQL_COPY[] = "VACUUM INTO ?1";

static int sync_path(const char *path, int flags, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    return fsync(fd) == 0 ? 0 : rb_err_sys(err, errno, "sync %s", path);
}

static int copy_into(struct rb_store *store, const char *path, struct rb_err *err)
{
    /* SQLite accepts an empty file, and would make one that others may read. */
    RB_CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return rb_err_sys(err, errno, "create %s", path);
    struct query query = query_start(store, SQL_COPY);
    query_bind_text(&query, path);
    int status = query_run(&query, err);
    return status == 0 ? sync_path(path, 0, err) : status;
}

int store_back_up(struct rb_store *store, int number, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s.before-%d", store->path, number);
    RB_CLEANUP_FREE char *partial = rb_asprintf("%s.partial", path);
    RB_CLEANUP_FREE char *copy = rb_strdup(path);
    int status = copy_into(store, partial, err);
    if (status == 0 && rename(partial, path) != 0)
        status = rb_err_sys(err, errno, "rename %s to %s", partial, path);
    if (status == 0)
        status = sync_path(dirname(copy), O_DIRECTORY, err);
    if (status != 0) {
        (void)unlink(partial);
        return rb_err_wrap(err, "keep a copy of the store before changing its schema");
    }
    return 0;
}
