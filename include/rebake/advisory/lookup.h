/* SPDX-License-Identifier: Apache-2.0 */
/* From the name of a vulnerability, or of an advisory, to the packages that anything is said of:
   what an inventory is asked for. */
#ifndef REBAKE_ADVISORY_LOOKUP_H
#define REBAKE_ADVISORY_LOOKUP_H

#include "rebake/advisory/match.h"

/* A package, under a name that an ecosystem's advisories use (rb_ecosystem_kind). */
struct rb_vulnerable_package {
    const struct rb_ecosystem_kind *kind;
    const char *name;
};

/* Texts are "" where nothing is told. */
struct rb_vulnerability {
    const char *id; /* its CVE, where it has one */
    /* Under which its findings are known: the id first; for an advisory about several
       vulnerabilities, theirs too. */
    const char *const *names;
    size_t name_count;
    const char *summary;
    int64_t published_at; /* the earliest that is told; 0: none is */
    const struct rb_severity *severities;
    size_t severity_count;
    const struct rb_vulnerable_package *packages; /* each once */
    size_t package_count;
};

/* False when no set knows the name. Lists are in the arena, texts there or in the sets; name is
   borrowed. */
bool rb_advisory_look_up(const char *name, const struct rb_advisory_source *sources, size_t count,
                         struct rb_arena *arena, struct rb_vulnerability *ret_vulnerability);

/* Is the finding about it? */
bool rb_vulnerability_is(const struct rb_vulnerability *vulnerability,
                         const struct rb_finding *finding);

#endif
