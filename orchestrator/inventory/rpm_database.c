/* SPDX-License-Identifier: Apache-2.0 */
#include "rpm_database.h"

#include "rebake/base/memory.h"

static const char SQLITE[] = "rpmdb.sqlite", SQLITE_LOG[] = "rpmdb.sqlite-wal";
static const char NDB[] = "Packages.db", BDB[] = "Packages";

const char *const rpm_files[RPM_FILES] = {SQLITE, SQLITE_LOG, NDB, BDB};

/* Empty where it is not there. */
static int read_bytes(const struct file_tree *tree, const char *folder, const char *name,
                      struct rb_arena *arena, struct rpm_bytes *ret_bytes, struct rb_err *err)
{
    const char *path = rb_arena_printf(arena, "%s/%s", folder, name);
    const char *data;
    size_t size = 0;
    int status = tree->read(tree->context, path, arena, &data, &size, err);
    *ret_bytes = (struct rpm_bytes){(const uint8_t *)data, data == NULL ? 0 : size};
    return status;
}

static int read_sqlite(const struct file_tree *tree, const char *folder, struct rpm_bytes file,
                       struct rb_arena *arena, struct contents *contents, struct rb_err *err)
{
    struct rpm_bytes log;
    int status = read_bytes(tree, folder, SQLITE_LOG, arena, &log, err);
    return status != 0 ? status : rpm_sqlite_read(file, log, rpm_header_add, contents, err);
}

int rpm_database_read(const struct file_tree *tree, const char *folder, struct contents *contents,
                      struct rb_err *err)
{
    static const char *const NAMES[] = {SQLITE, NDB, BDB};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < RB_COUNT_OF(NAMES); i++) {
        struct rpm_bytes file;
        int status = read_bytes(tree, folder, NAMES[i], arena, &file, err);
        if (status != 0)
            return status;
        if (file.size == 0)
            continue;
        if (NAMES[i] == SQLITE)
            status = read_sqlite(tree, folder, file, arena, contents, err);
        else if (NAMES[i] == NDB)
            status = rpm_ndb_read(file, rpm_header_add, contents, err);
        else
            status = rpm_bdb_read(file, rpm_header_add, contents, err);
        return status == 0 ? 0 : rb_err_wrap(err, "%s/%s", folder, NAMES[i]);
    }
    return 0;
}
