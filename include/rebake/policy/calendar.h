/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Windows of time: from a local time for so long, once or again and again by a recurrence rule (RFC
 * 5545 section 3.3.10), in a time zone of the tz database. The length is that of a clock that runs:
 * six hours are six hours on the night in which clocks change. A local time that there is twice is
 * the first of the two; one that there is not is read by the offset before the gap (RFC 5545
 * section 3.3.5).
 */
#ifndef REBAKE_POLICY_CALENDAR_H
#define REBAKE_POLICY_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/pipelines/policy_file.h"

struct rb_calendar;

/* RB_EINVALID with what is wrong: a recurrence that is none, that counts (COUNT) or is finer than a
   day, a time zone that this machine does not know. */
RB_NODISCARD int rb_calendar_new(const struct rb_policy_window *window, struct rb_calendar **ret,
                                 struct rb_err *err);
void rb_calendar_free(struct rb_calendar *calendar); /* NULL is allowed */

struct rb_calendar_state {
    bool open;
    int64_t until_at; /* open: it closes then, windows that touch being one; closed: it opens then.
                         0: never again */
};

/* How it is at a time, in milliseconds since the epoch. */
struct rb_calendar_state rb_calendar_at(struct rb_calendar *calendar, int64_t at);

#endif
