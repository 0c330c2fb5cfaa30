/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of advisories, read far enough to say that they are what they should be: a feed that is cut
 * off, or is an error page, must not take the place of a good one. Formats:
 *   osv             ossf/osv-schema docs/schema.md: a zip file of records, or one record
 *   debian-tracker  security-tracker.debian.org/tracker/data/json: {source: {id: {releases}}}
 *   secdb           secdb.alpinelinux.org: {packages: [{pkg: {name, secfixes}}]}
 *   kev             CISA's known_exploited_vulnerabilities_schema.json
 *   epss            FIRST's epss_scores-YYYY-MM-DD.csv.gz, with a comment line in front
 */
#ifndef REBAKE_WATCH_FEED_H
#define REBAKE_WATCH_FEED_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/clock.h"
#include "rebake/base/err.h"
#include "rebake/pipelines/source.h"

enum { RB_FEED_TIME_SIZE = 40 };

struct rb_feed_summary {
    int64_t records;
    char newest[RB_FEED_TIME_SIZE]; /* when the feed, or its newest record, was made: a date or time
                                       of RFC 3339 in UTC; "" when the format does not tell */
};

/* Reads a whole feed; blocks. RB_EINVALID when it is not of the format, or holds no record. */
RB_NODISCARD int rb_feed_read(enum rb_source_kind kind, const char *path,
                              struct rb_feed_summary *ret_summary, struct rb_err *err);

/* The readers of single pieces, for what comes out of an archive: text in memory. Each adds what it
   found to summary. */
RB_NODISCARD int rb_feed_read_osv_record(const char *data, size_t size, const char *what,
                                         struct rb_feed_summary *summary, struct rb_err *err);
RB_NODISCARD int rb_feed_read_tracker(const char *data, size_t size, const char *what,
                                      struct rb_feed_summary *summary, struct rb_err *err);
RB_NODISCARD int rb_feed_read_secdb(const char *data, size_t size, const char *what,
                                    struct rb_feed_summary *summary, struct rb_err *err);
RB_NODISCARD int rb_feed_read_kev(const char *data, size_t size, const char *what,
                                  struct rb_feed_summary *summary, struct rb_err *err);
/* One line of the CSV, without its end; number counts from 1. */
RB_NODISCARD int rb_feed_read_epss_line(const char *line, int64_t number, const char *what,
                                        struct rb_feed_summary *summary, struct rb_err *err);

#endif
