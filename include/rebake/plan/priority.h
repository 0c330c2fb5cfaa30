/* SPDX-License-Identifier: Apache-2.0 */
/* How urgent a build is, where no policy says so: by what it closes, how likely that is to be used,
   and where the image runs. docs/decisions/0055-who-is-built-first.md says why. */
#ifndef REBAKE_PLAN_PRIORITY_H
#define REBAKE_PLAN_PRIORITY_H

#include <stdbool.h>

enum { RB_PRIORITY_ROUTINE = 30, RB_PRIORITY_REQUESTED = 70, RB_PRIORITY_MAXIMUM = 100 };

struct rb_plan_urgency {
    bool closes;     /* an advisory, or more */
    double severity; /* the worst one's score, 0 to 10; 0: not known */
    double epss;     /* the likeliest one's, 0 to 1 */
    bool kev;        /* one is known to be exploited */
    bool runs;       /* the image, or one that is built from it, is deployed */
    bool exposed;    /* and can be reached from the network there */
    bool requested;  /* a person asked for the build */
    int base;        /* of the base's build, where a new base is a reason; 0: it is none */
};

/* Between RB_PRIORITY_ROUTINE and RB_PRIORITY_MAXIMUM. More of anything never makes it less. */
int rb_plan_priority(const struct rb_plan_urgency *urgency);

#endif
