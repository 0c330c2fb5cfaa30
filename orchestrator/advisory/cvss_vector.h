/* SPDX-License-Identifier: Apache-2.0 */
/* A vector is metrics with '/' between them, each NAME:VALUE, in any order. */
#ifndef ORCHESTRATOR_ADVISORY_CVSS_VECTOR_H
#define ORCHESTRATOR_ADVISORY_CVSS_VECTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/advisory/cvss.h"

enum { CVSS_ABSENT = -1 };

struct cvss_metric {
    const char *name;
    const char *values; /* "N A L P" */
    bool is_needed;
};

/* Fills for each metric which of its values it has, counted from 0, or CVSS_ABSENT. */
RB_NODISCARD int cvss_vector_read(const char *vector, const struct cvss_metric *metrics,
                                  size_t count, signed char *ret_values, struct rb_err *err);

/* Is any of the metrics from first up to, not including, end there, with another value than the one
   of that number, "not defined"? */
bool cvss_any(const signed char *values, size_t first, size_t end, int undefined);

RB_NODISCARD int cvss2_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err);
/* vector: behind the prefix. */
RB_NODISCARD int cvss3_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err);
RB_NODISCARD int cvss4_read(const char *vector, struct rb_cvss *ret_cvss, struct rb_err *err);

#endif
