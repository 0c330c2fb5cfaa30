/* SPDX-License-Identifier: Apache-2.0 */
/* Is a Release file, whose signature holds, the one that may be followed now? */
#ifndef REBAKE_WATCH_APT_TRUST_H
#define REBAKE_WATCH_APT_TRUST_H

#include "rebake/watch/apt.h"

/* RB_EVERIFY, with what it means for the source, when it has no Date, one before that of the known
   state or one that lies ahead of now; when it is of another suite than was asked for, or the suite
   stands for another release than before. what names it. */
RB_NODISCARD int rb_apt_release_judge(const struct rb_apt_release *release,
                                      const struct rb_apt_request *request, int64_t now,
                                      const char *what, enum rb_trouble *ret_trouble,
                                      struct rb_err *err);

/* RB_EVERIFY when its Valid-Until (0: none) has passed; also of a state that was accepted before.
 */
RB_NODISCARD int rb_apt_validity_judge(int64_t valid_until_at, int64_t now, const char *what,
                                       struct rb_err *err);

#endif
