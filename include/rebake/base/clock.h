/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time. Points in time are int64_t milliseconds since 1970-01-01T00:00:00Z (suffix _at), spans are
 * int64_t milliseconds (suffix _ms). Whoever needs the time is given a clock, so tests hold it
 * still.
 */
#ifndef REBAKE_BASE_CLOCK_H
#define REBAKE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

struct rb_clock {
    int64_t (*now)(void *context); /* milliseconds since the epoch */
    void *context;
};

enum { RB_TIME_TEXT_SIZE = 32 };

extern const struct rb_clock rb_clock_system;
int64_t rb_clock_now(const struct rb_clock *clock);
int64_t rb_clock_monotonic_ms(void); /* for measuring spans only */

/* "2026-11-24T14:03:07Z" (RFC 3339). out holds RB_TIME_TEXT_SIZE bytes; returns out. */
char *rb_time_format(int64_t at, char *out);
RB_NODISCARD int rb_time_parse(const char *text, int64_t *ret_at, struct rb_err *err);

/* "Sat, 11 Jul 2026 09:42:10 UTC": the date of HTTP (RFC 9110 section 5.6.7) and of Release files
   (RFC 5322 date with UTC, GMT or +0000 as its zone). Always in English, whatever the locale. */
RB_NODISCARD int rb_time_parse_http(const char *text, int64_t *ret_at, struct rb_err *err);
char *rb_time_format_http(int64_t at, char *out); /* RB_TIME_TEXT_SIZE bytes */

/* Spans as people write them: 500ms, 30s, 2m, 1h30m, 7d; bounded to ten years. */
RB_NODISCARD int rb_span_parse(const char *text, int64_t *ret_ms, struct rb_err *err);
/* "4.2s", "3m10s", "2h05m", "6d4h": for people. out holds RB_TIME_TEXT_SIZE bytes; returns out. */
char *rb_span_format(int64_t ms, char *out);

#endif
