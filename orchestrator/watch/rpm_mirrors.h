/* SPDX-License-Identifier: Apache-2.0 */
/* Which mirror is asked, and whether there is another where one fails or lies. */
#ifndef REBAKE_WATCH_RPM_MIRRORS_H
#define REBAKE_WATCH_RPM_MIRRORS_H

#include "mirrorlist.h"
#include "rebake/watch/trouble.h"

struct rb_rpm_mirrors {
    struct rb_mirrorlist list; /* of one, where the source names its repository itself */
    size_t at;
    size_t failed; /* one after the other */
    /* The gravest of their failures: a lie is graver than a silence. */
    struct rb_err gravest;
    enum rb_trouble gravest_trouble;
};

void rb_rpm_mirrors_deinit(struct rb_rpm_mirrors *mirrors);
void rb_rpm_mirrors_set(struct rb_rpm_mirrors *mirrors, const char *url);
/* Reads a list, and begins with `first` where it is in it and the list has no checksums. Without a
   signature TLS must vouch for what comes: by checksums in the list, or on the way from the mirror
   itself; RB_EVERIFY where neither is. */
RB_NODISCARD int rb_rpm_mirrors_read(struct rb_rpm_mirrors *mirrors, const char *data, size_t size,
                                     const char *what, bool is_signed, const char *first,
                                     struct rb_err *err);

const char *rb_rpm_mirror(const struct rb_rpm_mirrors *mirrors);
/* What the mirror answered is believed: failures are counted anew. */
void rb_rpm_mirrors_settle(struct rb_rpm_mirrors *mirrors);
/* The mirror has failed with err and trouble. True: the next one is to be asked. False: that was
   it, and both are now the gravest of all. */
bool rb_rpm_mirrors_pass_over(struct rb_rpm_mirrors *mirrors, struct rb_err *err,
                              enum rb_trouble *trouble);

#endif
