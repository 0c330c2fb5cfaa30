/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What apt's preferences match names with: a shell glob or, between slashes, an extended regular
 * expression; both in any case. The image's owner wrote them, so they are held to what cannot make
 * matching slow (rb_regex_refuses): no back-references and few repetitions.
 */
#ifndef ORCHESTRATOR_INVENTORY_PATTERN_H
#define ORCHESTRATOR_INVENTORY_PATTERN_H

#include <regex.h>
#include <stdbool.h>

#include "rebake/base/err.h"

struct rb_pattern {
    char *glob;     /* NULL: a regular expression, or nothing was asked for */
    regex_t *regex; /* NULL: a glob */
};

/* RB_EINVALID for a regular expression that cannot be compiled: for apt it matches nothing.
   RB_ELIMIT for one that is not allowed here. Only on success rb_pattern_deinit is needed. */
RB_NODISCARD int rb_pattern_compile(const char *text, struct rb_pattern *ret_pattern,
                                    struct rb_err *err);
void rb_pattern_deinit(struct rb_pattern *pattern);
/* An empty pattern matches nothing, nor is a NULL text matched by any. */
bool rb_pattern_matches(const struct rb_pattern *pattern, const char *text);

#endif
