/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a version lies in a range: OSV's evaluation (ossf/osv-schema docs/schema.md,
 * "Evaluation").
 */
#ifndef ORCHESTRATOR_ADVISORY_RANGE_H
#define ORCHESTRATOR_ADVISORY_RANGE_H

#include "rebake/inventory/version.h"
#include "set_format.h"

/* The order of semantic versions as ecosystems use it: "1.2" is 1.2.0, and Go's own "go1.21rc2" is
   1.21.0-rc.2. */
extern const struct rb_version_order rb_range_semver;

/* By name, "semver" being the above; NULL where there is none. */
const struct rb_version_order *rb_range_order(const char *name);

struct rb_range_place {
    bool is_within;
    /* Where it is within: from when, "" being from the start; what ends it, NULL being nothing. */
    const char *from;
    const struct rb_set_event *end;
    const char *fixed; /* the first version with a fix, or NULL */
    /* What is no version of the order, so that nothing can be said; else NULL. */
    const char *not_a_version;
};

/* The version must be one of the order. The events' versions are places among the strings. */
struct rb_range_place rb_range_find(const struct rb_version_order *order, const char *version,
                                    const struct rb_set_event *events, size_t count,
                                    const char *strings);

#endif
