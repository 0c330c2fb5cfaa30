/* SPDX-License-Identifier: Apache-2.0 */
/* Where libgit2's errors become ours. */
#ifndef REBAKE_WATCH_GIT_ERROR_H
#define REBAKE_WATCH_GIT_ERROR_H

#include "rebake/base/err.h"

/* Fills err from libgit2's last error: "URL: DOING: REASON", without what is secret in url. code is
   what the failed call has returned. */
int rb_err_git(int code, const char *url, const char *doing, struct rb_err *err);

#endif
