/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REBAKE_BUILD_GIT_FETCH_H
#define REBAKE_BUILD_GIT_FETCH_H

#include "rebake/job/job.h"

/* Fetches the commit into a new bare repository: alone where the server gives it so (any that
   speaks protocol 2), else the ref ("refs/heads/main") with its history, in which it is to be found
   if it is there still. */
RB_NODISCARD int git_fetch(struct rb_job *job, const char *url, const char *ref, const char *commit,
                           const char *repository, struct rb_err *err);

#endif
