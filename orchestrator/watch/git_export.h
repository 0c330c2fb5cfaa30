/* SPDX-License-Identifier: Apache-2.0 */
/* The pipeline files of a commit, out of the mirror (rebake/watch/followed.h). Run in the child of
   a check, by whoever holds the mirror. */
#ifndef REBAKE_WATCH_GIT_EXPORT_H
#define REBAKE_WATCH_GIT_EXPORT_H

#include "git_mirror.h"

/* Reads the files at the request's one path, whose tree the answer tells, and puts them into
   request->files if all are good; trees but this and request->keep are then removed from there.
   RB_EINVALID, RB_ELIMIT: one is broken, and none was put there; RB_ENOTFOUND: there is none;
   RB_EGIT: the mirror is broken; RB_EIO: they could not be written. */
RB_NODISCARD int rb_git_export(const struct rb_git_mirror *mirror, const git_oid *commit,
                               const struct rb_git_answer *answer, struct rb_err *err);

#endif
