/* SPDX-License-Identifier: Apache-2.0 */
/* What a build printed, read back from the job's log. */
#ifndef REBAKE_BUILD_BUILD_LOG_H
#define REBAKE_BUILD_BUILD_LOG_H

#include <stdint.h>

#include "rebake/base/strlist.h"
#include "rebake/job/job.h"

/* Where the log ends now: what is printed later stands behind it. */
int64_t build_log_mark(const struct rb_job *job);

/* Says of a failed build what its recipe printed last, and whose fault it was: fills err anew and
 *ret_class with "recipe" or "infrastructure". from: the mark from before; hide: text that we put
   into the recipe and that nobody wants to read, or NULL. Returns err's code. */
int build_log_explain(const struct rb_job *job, int64_t from, const char *hide,
                      const char **ret_class, struct rb_err *err);

/* The (shortened) ids of the images that a build committed, in their order. */
void build_log_images(const struct rb_job *job, int64_t from, struct rb_strlist *ids);

#endif
