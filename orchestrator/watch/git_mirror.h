/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mirror of a branch: a bare repository that holds its whole history, and that one process at a
 * time uses. It is derived data: one that does not serve any more (a broken object, or too many
 * packs, for nothing here repacks) is removed and fetched anew.
 */
#ifndef REBAKE_WATCH_GIT_MIRROR_H
#define REBAKE_WATCH_GIT_MIRROR_H

#include <git2.h>
#include <stdbool.h>

#include "git_message.h"

struct rb_git_mirror {
    const struct rb_git_request *request; /* borrowed */
    git_repository *repository;
    int lock_fd;
};

/* Opens the mirror that the request names, or makes it. RB_EBUSY: another process uses it. To be
   closed in any case. */
RB_NODISCARD int rb_git_mirror_open(struct rb_git_mirror *mirror,
                                    const struct rb_git_request *request, struct rb_err *err);
void rb_git_mirror_close(struct rb_git_mirror *mirror);

bool rb_git_mirror_has(const struct rb_git_mirror *mirror, const git_oid *commit);

/* Fills the answer's trees, committed_at and rewritten from a commit that the mirror has. RB_EGIT:
   the mirror is broken. */
RB_NODISCARD int rb_git_mirror_read(const struct rb_git_mirror *mirror, const git_oid *commit,
                                    struct rb_git_answer *answer, struct rb_err *err);

/* Fills err from libgit2's last error as rb_err_git() does, as RB_EGIT: what is missing here was
   fetched once, so whatever libgit2 calls it, the mirror is broken. */
int rb_git_mirror_broken(const struct rb_git_mirror *mirror, int code, const char *doing,
                         struct rb_err *err);

/* Removes the mirror's files; it is to be closed still. */
RB_NODISCARD int rb_git_mirror_remove(const struct rb_git_mirror *mirror, struct rb_err *err);

#endif
