/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One advisory, as any feed tells it: what it is called, how bad it is, and which versions of which
 * packages it is about. The model is OSV's (ossf/osv-schema docs/schema.md, 1.7), into which the
 * other formats go without loss, with what a distribution adds in its own words.
 *
 * Whoever makes one owns its texts and arrays; a text that is not told is "".
 */
#ifndef REBAKE_ADVISORY_ADVISORY_H
#define REBAKE_ADVISORY_ADVISORY_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/advisory/ecosystem.h"
#include "rebake/base/err.h"

/* What one advisory may hold; a reader answers more with RB_ELIMIT. */
enum {
    RB_ADVISORY_NAMES_MAXIMUM = 10000, /* aliases, upstream, related: each */
    RB_ADVISORY_AFFECTED_MAXIMUM = 100000,
    RB_ADVISORY_RANGES_MAXIMUM = 10000, /* of one affected package */
    RB_ADVISORY_EVENTS_MAXIMUM = 10000, /* of one range */
    RB_ADVISORY_VERSIONS_MAXIMUM = 200000,
    RB_ADVISORY_SEVERITIES_MAXIMUM = 100
};

enum rb_severity_type {
    RB_SEVERITY_CVSS_V2,
    RB_SEVERITY_CVSS_V3,
    RB_SEVERITY_CVSS_V4,
    RB_SEVERITY_UBUNTU, /* Ubuntu's priority: "high" */
    RB_SEVERITY_OTHER   /* another publisher's word: "HIGH", "Important" */
};

enum { RB_SEVERITY_NO_SCORE = -1 };

struct rb_severity {
    enum rb_severity_type type;
    const char *text; /* the vector or the word, as published */
    int score;        /* tenths, 0 to 100, or RB_SEVERITY_NO_SCORE */
};

enum rb_event_kind {
    RB_EVENT_INTRODUCED,    /* from this version on; "0" is before all */
    RB_EVENT_FIXED,         /* not any more from this one on */
    RB_EVENT_LAST_AFFECTED, /* not any more behind this one */
    RB_EVENT_LIMIT          /* nothing is said of this one and later; "*" is behind all */
};

struct rb_range_event {
    enum rb_event_kind kind;
    const char *version; /* a commit in a GIT range */
};

enum rb_range_type {
    RB_RANGE_SEMVER,    /* by semver.org's order */
    RB_RANGE_ECOSYSTEM, /* by the ecosystem's own */
    RB_RANGE_GIT,       /* by a repository's history: kept, never matched */
    RB_RANGE_OTHER      /* of a later schema: kept, never matched */
};

struct rb_range {
    enum rb_range_type type;
    const char *repository; /* of GIT */
    const struct rb_range_event *events;
    size_t event_count;
};

/* What the distribution itself says of a package of one release. */
enum rb_advisory_status {
    RB_STATUS_UNTOLD, /* the ranges say it all */
    RB_STATUS_OPEN,
    RB_STATUS_RESOLVED,
    RB_STATUS_UNDETERMINED, /* nobody knows yet */
    RB_STATUS_NOT_AFFECTED,
    RB_STATUS_COUNT
};

/* "open", "not-affected"; "" for RB_STATUS_UNTOLD. */
const char *rb_advisory_status_name(enum rb_advisory_status status);

struct rb_affected {
    struct rb_ecosystem ecosystem; /* with no name: about no package, but about a repository */
    const char *package;
    /* Affected is what lies in a range or is one of the versions. */
    const struct rb_range *ranges;
    size_t range_count;
    const char *const *versions;
    size_t version_count;
    enum rb_advisory_status status;
    const char *urgency; /* Debian's: "unimportant", "not yet assigned" */
    /* Why there is no advisory of the distribution's for it: "nodsa", "postponed", "ignored",
       "next-point-update"; and in its own words: "Minor issue". */
    const char *postponed;
    const char *reason;
    const struct rb_severity *severities; /* where they differ from the advisory's */
    size_t severity_count;
};

struct rb_advisory {
    const char *id;             /* "DSA-5532-1", "CVE-2023-5363", "GHSA-…" */
    const char *const *aliases; /* the same, in other databases */
    size_t alias_count;
    const char *const *upstream; /* what a distribution's advisory is about: mostly CVEs */
    size_t upstream_count;
    const char *const *related;
    size_t related_count;
    const char *summary;
    int64_t published_at; /* 0: not told */
    int64_t modified_at;
    int64_t withdrawn_at; /* 0: it stands. One that was withdrawn matches nothing */
    const struct rb_severity *severities;
    size_t severity_count;
    const struct rb_affected *affected;
    size_t affected_count;
};

/* Takes an advisory that was read, which is borrowed for the call. A failure ends the reading and
   is returned. */
typedef int rb_advisory_cb(void *context, const struct rb_advisory *advisory, struct rb_err *err);

#endif
