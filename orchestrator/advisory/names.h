/* SPDX-License-Identifier: Apache-2.0 */
/* The names of one vulnerability: all that aliases lead to, in any set. The one that they are
   sorted under is the same from wherever the search begins. */
#ifndef ORCHESTRATOR_ADVISORY_NAMES_H
#define ORCHESTRATOR_ADVISORY_NAMES_H

#include "rebake/advisory/match.h"

enum { NAMES_MAXIMUM = 64 };

struct names {
    const char *all[NAMES_MAXIMUM]; /* the first CVE before all, the others sorted */
    size_t count;
};

/* name is borrowed; the others are in the sets or in the arena. */
void names_find(const struct rb_advisory_source *sources, size_t count, const char *name,
                struct rb_arena *arena, struct names *ret_names);

#endif
