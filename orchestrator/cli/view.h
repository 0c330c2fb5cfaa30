/* SPDX-License-Identifier: Apache-2.0 */
/* How the verbs show what the daemon tells: one way for digests, times, reasons and states. */
#ifndef ORCHESTRATOR_CLI_VIEW_H
#define ORCHESTRATOR_CLI_VIEW_H

#include <stdint.h>

#include "rebake/base/clock.h"
#include "rebake/base/json.h"
#include "style.h"

enum { RB_VIEW_TEXT_SIZE = 64 };

/* A version as people tell it apart: twelve digits of a digest or a commit, else as it is, cut to
   fit. NULL gives "-". out holds RB_VIEW_TEXT_SIZE bytes; returns out. */
char *rb_view_version(const char *version, char *out);

/* The member, a time, as "3m10s ago", "in 48s" or "-" where it is null. out as above. */
char *rb_view_when(const json_t *object, const char *member, int64_t now_at, char *out);

/* "package zlib1g 1:1.2.13-1 → 1:1.2.13-2", "first build". The caller frees it. */
char *rb_view_reason(const json_t *reason);
/* The first reason and how many more; "" where there is none. The caller frees it. */
char *rb_view_reasons(const json_t *reasons);

/* The style that a severity's band ("high") is shown in. */
const char *rb_view_severity(const struct rb_style *style, const char *band);

/* The style that a state of a source, image, build or deployment is shown in. */
const char *rb_view_style(const struct rb_style *style, const char *state);

#endif
