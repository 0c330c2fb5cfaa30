/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scores of the Common Vulnerability Scoring System, worked out from vectors as FIRST publishes
 * how: version 2 (cvss-v2-guide, section 3.2), 3.0 and 3.1 (cvss-v31-specification, section 7 and
 * appendix A), 4.0 (cvss-v40-specification, section 8). Pure.
 */
#ifndef REBAKE_ADVISORY_CVSS_H
#define REBAKE_ADVISORY_CVSS_H

#include "rebake/base/err.h"

enum { RB_CVSS_NOT_SCORED = -1 };

/* Scores are tenths, 0 to 100, or RB_CVSS_NOT_SCORED where the vector has no metric of the group.
   In version 4 all groups make one score, which is `base`. */
struct rb_cvss {
    int version; /* 20, 30, 31 or 40 */
    int base;
    int temporal;
    int environmental;
};

/* vector: "CVSS:3.1/AV:N/…"; without a prefix it is of version 2, in parentheses or not.
   RB_EINVALID for what is no vector: a metric that is not known, stands twice, has a value that it
   cannot have, or is missing though it must be there. */
RB_NODISCARD int rb_cvss_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err);

/* The score that takes most into account. */
int rb_cvss_score(const struct rb_cvss *cvss);

/* "none", "low", "medium", "high", "critical" (version 3.1, section 5; 4.0, section 6). A score of
   version 2 is called as the National Vulnerability Database does: "low", "medium", "high". */
const char *rb_cvss_band(int version, int tenths);

#endif
