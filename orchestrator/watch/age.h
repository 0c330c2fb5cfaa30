/* SPDX-License-Identifier: Apache-2.0 */
/* Time moves forward: may a state of this date be followed? */
#ifndef REBAKE_WATCH_AGE_H
#define REBAKE_WATCH_AGE_H

#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/watch/trouble.h"

/* RB_EVERIFY when what (named so in the error) was made before known_at, the date of the state that
   is followed (*ret_trouble is BACKWARDS then, and else left as it is), or lies ahead of now. */
RB_NODISCARD int rb_age_judge(int64_t made_at, int64_t known_at, int64_t now, const char *what,
                              enum rb_trouble *ret_trouble, struct rb_err *err);

/* The first of these refusals, of a state that tells its age in its own words. Returns the code. */
int rb_age_refuse_older(const char *what, const char *is, const char *was,
                        enum rb_trouble *ret_trouble, struct rb_err *err);

#endif
