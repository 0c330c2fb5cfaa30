/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which vulnerabilities a package has, by what the sets say. Pure. A distribution's package is
 * judged by the source that it was built from, in its own release and its own order of versions.
 * What has several names is one finding; where feeds do not agree all are told, and the
 * distribution's own word counts.
 */
#ifndef REBAKE_ADVISORY_MATCH_H
#define REBAKE_ADVISORY_MATCH_H

#include "rebake/advisory/set.h"
#include "rebake/inventory/package.h"

/* A feed that was compiled. */
struct rb_advisory_source {
    const char *feed; /* as people know it: the source's name */
    const struct rb_advisory_set *set;
};

enum rb_verdict {
    RB_VERDICT_AFFECTED,
    RB_VERDICT_UNDETERMINED, /* the distribution does not know yet */
    RB_VERDICT_UNJUDGED,     /* we cannot tell: cause says why */
    RB_VERDICT_NOT_AFFECTED, /* by the word of the distribution, whatever the version */
    RB_VERDICT_OUTSIDE       /* the version is in no range: fixed, or from before it came */
};

/* "affected", "not-affected". */
const char *rb_verdict_name(enum rb_verdict verdict);

/* What one advisory of one feed says of the package. Texts are "" where there is none. */
struct rb_advisory_match {
    const char *feed;
    const char *advisory; /* its id there */
    enum rb_verdict verdict;
    enum rb_advisory_origin origin;
    const char *ecosystem; /* "Debian:12" */
    const char *suffix;    /* "Pro:LTS": the channel that a fix is in */
    const char *package;   /* the name that it was found by */
    const char *version;   /* what was compared */
    const char *range; /* where the version is within: ">= 1.0, < 1.2", "all versions", "= 1.1" */
    const char *fixed_version; /* the first behind it that has the fix; NULL for none */
    enum rb_advisory_status status;
    const char *urgency; /* as in struct rb_affected, and so on */
    const char *postponed;
    const char *reason;
    const char *cause; /* of UNJUDGED */
    const struct rb_advisory_set *set;
    size_t position; /* of the advisory in it */
};

/* One vulnerability in one package. */
struct rb_finding {
    const char *id;           /* its CVE, where it has one */
    const char *const *names; /* all of them, the id first */
    size_t name_count;
    enum rb_verdict verdict;
    /* All that is said of it; the first is what the verdict is from. */
    const struct rb_advisory_match *matches;
    size_t match_count;
    bool has_conflict; /* some say that it is affected, others that it is not */
};

/* Fills *ret_findings, sorted by id, with each vulnerability that at least one feed does not deny;
   they and their lists are in the arena, texts there or in the sets. Withdrawn advisories count for
   nothing. Returns how many there are. */
size_t rb_advisory_match(const struct rb_inventory *inventory, const struct rb_package *package,
                         const struct rb_advisory_source *sources, size_t source_count,
                         struct rb_arena *arena, struct rb_finding **ret_findings);

/* A package, and whose it is. */
struct rb_judged {
    const struct rb_inventory *inventory;
    const struct rb_package *package;
};

/* Fills *ret_ids with the vulnerabilities that a change of a package closes: it is affected by them
   before and not after. The list is in the arena. Returns how many there are. */
size_t rb_advisory_closed(const struct rb_judged *before, const struct rb_judged *after,
                          const struct rb_advisory_source *sources, size_t source_count,
                          struct rb_arena *arena, const char ***ret_ids);

#endif
