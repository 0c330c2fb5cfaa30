/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REBAKE_BUILD_GIT_FETCH_H
#define REBAKE_BUILD_GIT_FETCH_H

#include "rebake/job/job.h"

/* Fetches the branch of url with its history into a new bare repository. By the same program, with
   the same credentials, as the checks of git sources (rb_git_check_main): a process of its own,
   since libgit2 has no time limits. */
RB_NODISCARD int git_fetch(struct rb_job *job, const char *url, const char *branch,
                           const char *repository, struct rb_err *err);

#endif
