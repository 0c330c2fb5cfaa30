/* SPDX-License-Identifier: Apache-2.0 */
#include "age.h"

#include "rebake/base/clock.h"

/* How far clocks may differ. A date that was believed is a floor for all later ones, so one from
   far ahead would shut out every honest one: the harm of an hour is an hour. */
static const int64_t FUTURE_SLACK_MS = 3600 * 1000;

int rb_age_refuse_older(const char *what, const char *is, const char *was,
                        enum rb_trouble *ret_trouble, struct rb_err *err)
{
    *ret_trouble = RB_TROUBLE_BACKWARDS;
    return rb_err_set(err, RB_EVERIFY,
                      "%s has gone back in time (%s, but %s was seen): a stale mirror or a replay",
                      what, is, was);
}

int rb_age_judge(int64_t made_at, int64_t known_at, int64_t now, const char *what,
                 enum rb_trouble *ret_trouble, struct rb_err *err)
{
    char is[RB_TIME_TEXT_SIZE], was[RB_TIME_TEXT_SIZE];
    if (made_at < known_at)
        return rb_age_refuse_older(what, rb_time_format(made_at, is), rb_time_format(known_at, was),
                                   ret_trouble, err);
    if (made_at > now + FUTURE_SLACK_MS)
        return rb_err_set(err, RB_EVERIFY,
                          "%s is dated in the future (%s): is this machine's clock right?", what,
                          rb_time_format(made_at, is));
    return 0;
}
