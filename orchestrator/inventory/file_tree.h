/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a root file system by path, wherever they stand: in layers, in a folder. */
#ifndef ORCHESTRATOR_INVENTORY_FILE_TREE_H
#define ORCHESTRATOR_INVENTORY_FILE_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/arena.h"
#include "rebake/base/err.h"
#include "rebake/base/strlist.h"

enum {
    TREE_FILE_MAXIMUM = 256 * 1024 * 1024,  /* bytes of one file that is read: rpm's are large */
    TREE_TOTAL_MAXIMUM = 256 * 1024 * 1024, /* bytes of all files that are read */
    TREE_ITEMS_MAXIMUM = 10000,             /* files under the folders that are listed */
    TREE_PATH_MAXIMUM = 4096,
    TREE_LINKS_MAXIMUM = 40 /* symbolic links on the way to one file, as Linux has it */
};

struct file_tree {
    void *context;
    /* The content of the regular file at path (without a leading '/'), links followed inside the
       root; *ret_data is NULL when there is none. It has a NUL behind it and lives in arena. */
    int (*read)(void *context, const char *path, struct rb_arena *arena, const char **ret_data,
                size_t *ret_size, struct rb_err *err);
    /* Adds the paths of all files below the folder, at any depth, sorted; one may come twice. */
    int (*list)(void *context, const char *folder, struct rb_strlist *ret_paths,
                struct rb_err *err);
};

/* Is `inner` below the folder `outer` ("" is the root)? */
bool file_tree_is_below(const char *inner, const char *outer);

#endif
