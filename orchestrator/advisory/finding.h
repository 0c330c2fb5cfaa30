/* SPDX-License-Identifier: Apache-2.0 */
/* From what single advisories say of a package to vulnerabilities. */
#ifndef ORCHESTRATOR_ADVISORY_FINDING_H
#define ORCHESTRATOR_ADVISORY_FINDING_H

#include "rebake/advisory/match.h"

/* Is it said that the package has it, or left open? */
static inline bool is_pending(enum rb_verdict verdict)
{
    return verdict <= RB_VERDICT_UNJUDGED;
}

/* rb_advisory_match, from the matches on. */
size_t rb_findings_of(const struct rb_advisory_match *matches, size_t count,
                      const struct rb_advisory_source *sources, size_t source_count,
                      struct rb_arena *arena, struct rb_finding **ret_findings);

#endif
