/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The code of a git repository by the id of its commit: how it is asked for, and how it becomes a
 * folder. It blocks, and what it starts is for the caller to run and to end: for jobs and verbs.
 */
#ifndef REBAKE_WATCH_GIT_CODE_H
#define REBAKE_WATCH_GIT_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/base/strlist.h"

/* Two command lines that put one commit, without its history, into a new bare repository. git runs
   without what the user and the machine have configured, and asks no terminal. */
void rb_git_commit_commands(const char *url, const char *commit, const char *repository,
                            struct rb_strlist *ret_init, struct rb_strlist *ret_fetch);

/* The other way, where the server gives out no single commit: a request for `rebake internal
   git-check` (rb_git_check_main, which see for what else it may hold), which puts the history of
   the ref into the repository; and what its answer says. The caller drops the request. */
json_t *rb_git_history_request(const char *url, const char *ref, const char *repository);
RB_NODISCARD int rb_git_history_answer(const char *data, size_t size, struct rb_err *err);

bool rb_git_has_commit(const char *repository, const char *commit);

struct rb_git_tree_request {
    const char *repository; /* bare, that has the commit */
    const char *commit;     /* object ids: 40 hexadecimal digits */
    const char *tree;       /* that must stand at path; NULL: whatever does */
    const char *path;       /* relative, "." for the root */
    bool is_contained;      /* a link that leads out of the folder is refused */
    /* Asked at each folder: anything but 0 ends it, with err filled. NULL: it is not asked. */
    int (*go_on)(void *context, struct rb_err *err);
    void *context;
};

struct rb_git_tree_size {
    size_t entries; /* files and folders */
    uint64_t bytes;
};

/* Writes the tree at path of the commit into folder, which must not exist: files as they are stored
   (no filters, no hooks), executable or not, symbolic links. At most a million entries, 1 GiB a
   file, 8 GiB in all. RB_EINVALID for a submodule, a name that no file may have, and what is no
   folder; RB_EVERIFY when the tree is another than the one asked for; RB_EGIT for a broken object.
 */
RB_NODISCARD int rb_git_tree_write(const struct rb_git_tree_request *request, const char *folder,
                                   struct rb_git_tree_size *ret_size, struct rb_err *err);

#endif
