/* SPDX-License-Identifier: Apache-2.0 */
/* How long until something is asked again. Pure. */
#ifndef REBAKE_WATCH_SCHEDULE_H
#define REBAKE_WATCH_SCHEDULE_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/random.h"

/* A quiet source is checked some RB_CHECKS_PER_AGE times in the time that it has not changed for,
   but at most RB_CHECK_SLOWEST times less often than it says (the Alex protocol: Cate, "Alex - a
   Global Filesystem", 1992). */
enum { RB_CHECKS_PER_AGE = 60, RB_CHECK_SLOWEST = 8 };

/* How far apart the checks of a source are that last changed age_ms ago: every_ms right after a
   change, up to RB_CHECK_SLOWEST times that for one that is long quiet. */
int64_t rb_check_interval_ms(int64_t every_ms, int64_t age_ms);

/* When to check again: interval_ms with ±10% jitter after success; after the failures-th failure in
   a row, rb_backoff_ms up to the larger of 15 min and interval_ms; never before retry_after_ms,
   which is believed up to a day. */
int64_t rb_check_next_ms(int64_t interval_ms, int failures, int64_t retry_after_ms,
                         struct rb_random *random);

/* Full-jitter exponential backoff (AWS architecture blog, "Exponential Backoff And Jitter"): 1 s to
   a window that grows from 5 s up to widest_ms. failures: in a row, from 1. */
int64_t rb_backoff_ms(int failures, int64_t widest_ms, struct rb_random *random);

/* How long one of `overdue` sources of a host waits when they all became due while nobody was there
   to ask: together they take half of what the host is ever asked a second, and none waits longer
   than its own interval. */
int64_t rb_check_spread_ms(size_t overdue, int per_second, int64_t every_ms,
                           struct rb_random *random);

#endif
