/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "migrate.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static const char SQL_COPY[] = "VACUUM INTO ?1";

static int copy_into(struct rb_store *store, const char *path, struct rb_err *err)
{
    /* SQLite accepts an empty file, and would make one that others may read. */
    RB_CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return rb_err_sys(err, errno, "create %s", path);
    struct query query = query_start(store, SQL_COPY);
    query_bind_text(&query, path);
    return query_run(&query, err);
}

int store_back_up(struct rb_store *store, int number, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s.before-%d", store->path, number);
    RB_CLEANUP_FREE char *partial = rb_asprintf("%s.partial", path);
    int status = copy_into(store, partial, err);
    if (status == 0)
        status = rb_file_put_in_place(partial, path, err);
    if (status != 0) {
        (void)unlink(partial);
        return rb_err_wrap(err, "keep a copy of the store before changing its schema");
    }
    return 0;
}
