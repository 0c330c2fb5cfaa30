/* SPDX-License-Identifier: Apache-2.0 */
#include "databases.h"

#include <string.h>

#include "owned_files.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rpm_database.h"

/* IS_RPM: a folder in which rpm_files are the database's. */
enum kind { IS_FILE, IS_FOLDER, IS_RPM };

struct database {
    const char *path;
    enum kind kind;
    int (*read)(const struct file_tree *tree, const char *path, struct contents *contents,
                struct rb_err *err);
};

static int read_dpkg_file(const struct file_tree *tree, const char *path, bool is_status_d,
                          struct contents *contents, struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *data;
    size_t size;
    int status = tree->read(tree->context, path, arena, &data, &size, err);
    if (status != 0 || data == NULL)
        return status;
    return rb_inventory_add_dpkg(contents->inventory, data, size, is_status_d, path, err);
}

static int read_dpkg(const struct file_tree *tree, const char *path, struct contents *contents,
                     struct rb_err *err)
{
    return read_dpkg_file(tree, path, false, contents, err);
}

static int read_md5sums(const struct file_tree *tree, const char *path, struct contents *contents,
                        struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *data;
    size_t size;
    int status = tree->read(tree->context, path, arena, &data, &size, err);
    if (status == 0 && data != NULL)
        own_md5sums(data, contents->owned);
    return status;
}

/* distroless has a file a package, with the md5sums of its files beside. */
static int read_dpkg_folder(const struct file_tree *tree, const char *path,
                            struct contents *contents, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist paths = {0};
    int status = tree->list(tree->context, path, &paths, err);
    for (size_t i = 0; status == 0 && i < paths.count; i++) {
        bool again = i > 0 && strcmp(paths.items[i], paths.items[i - 1]) == 0;
        if (again)
            continue;
        status = rb_text_ends_with(paths.items[i], ".md5sums")
                     ? read_md5sums(tree, paths.items[i], contents, err)
                     : read_dpkg_file(tree, paths.items[i], true, contents, err);
    }
    return status;
}

static int read_apk(const struct file_tree *tree, const char *path, struct contents *contents,
                    struct rb_err *err)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *data;
    size_t size;
    int status = tree->read(tree->context, path, arena, &data, &size, err);
    if (status != 0 || data == NULL)
        return status;
    own_apk_files(data, contents->owned);
    return rb_inventory_add_apk(contents->inventory, data, size, path, err);
}

/* Where a path is a link to another of these, what is read twice is dropped by the inventory. */
static const struct database DATABASES[] = {
    {"var/lib/dpkg/status", IS_FILE, read_dpkg},
    {"var/lib/dpkg/status.d", IS_FOLDER, read_dpkg_folder},
    {"lib/apk/db/installed", IS_FILE, read_apk},
    {"usr/lib/apk/db/installed", IS_FILE, read_apk},
    {"var/lib/rpm", IS_RPM, rpm_database_read},
    {"usr/lib/sysimage/rpm", IS_RPM, rpm_database_read},
    {"usr/share/rpm", IS_RPM, rpm_database_read}, /* rpm-ostree */
};

static void want_rpm(struct wanted *wanted, const char *folder)
{
    for (size_t i = 0; i < RPM_FILES; i++) {
        RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, rpm_files[i]);
        wanted_add(wanted, path, false);
    }
}

void databases_want(struct wanted *wanted)
{
    for (size_t i = 0; i < RB_COUNT_OF(DATABASES); i++) {
        if (DATABASES[i].kind == IS_RPM)
            want_rpm(wanted, DATABASES[i].path);
        else
            wanted_add(wanted, DATABASES[i].path, DATABASES[i].kind == IS_FOLDER);
    }
}

int databases_read(const struct file_tree *tree, struct contents *contents, struct rb_err *err)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(DATABASES); i++)
        status = DATABASES[i].read(tree, DATABASES[i].path, contents, err);
    return status;
}
