/* SPDX-License-Identifier: Apache-2.0 */
/* Is a Release file, whose signature holds, the one that may be followed now? */
#ifndef REBAKE_WATCH_APT_TRUST_H
#define REBAKE_WATCH_APT_TRUST_H

#include "rebake/watch/apt.h"

/* RB_EVERIFY when it has no Date, one before known_date_at or one that lies ahead of now; when it
   is of another suite than was asked for. what names it. */
RB_NODISCARD int rb_apt_release_judge(const struct rb_apt_release *release, const char *suite,
                                      int64_t known_date_at, int64_t now, const char *what,
                                      struct rb_err *err);

/* RB_EVERIFY when its Valid-Until (0: none) has passed; also of a state that was accepted before.
 */
RB_NODISCARD int rb_apt_validity_judge(int64_t valid_until_at, int64_t now, const char *what,
                                       struct rb_err *err);

#endif
