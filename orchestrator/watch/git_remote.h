/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look at a branch or a tag of a remote repository. It blocks for as long as the server likes,
 * since libgit2 1.5 has no time limits: only for a process that may be killed.
 */
#ifndef REBAKE_WATCH_GIT_REMOTE_H
#define REBAKE_WATCH_GIT_REMOTE_H

#include "git_message.h"

/* Lists the remote's refs; where the branch is not at the known commit, or a wanted tree is not
   known, fetches it into the mirror (unless the commit is there already) and reads the trees. The
   process's alarm(2) is set to silence_s anew whenever bytes have come. Fills *ret_answer, which
   the caller deinits. RB_ENOTFOUND: no such branch, tag or repository; RB_EAUTH; RB_EBUSY: another
   look holds the mirror; RB_EVERIFY: not signed as it must be, or gone backwards. *ret_trouble is
   set on failure, to NONE where the error says all. */
RB_NODISCARD int rb_git_look(const struct rb_git_request *request, struct rb_git_answer *ret_answer,
                             enum rb_trouble *ret_trouble, struct rb_err *err);

#endif
