/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of advisories, read whole. What is read far enough to be compiled is thereby judged: a feed
 * that is cut off, or is an error page, must not take the place of a good one. Formats:
 *   osv             ossf/osv-schema docs/schema.md: a zip file of records, or one record
 *   debian-tracker  security-tracker.debian.org/tracker/data/json: {source: {id: {releases}}}
 *   secdb           secdb.alpinelinux.org: {packages: [{pkg: {name, secfixes}}]}
 *   kev             CISA's known_exploited_vulnerabilities_schema.json
 *   rpm             updateinfo.xml of a repository
 *   epss            FIRST's epss_scores-YYYY-MM-DD.csv.gz, with a comment line in front
 */
#ifndef REBAKE_ADVISORY_FEED_H
#define REBAKE_ADVISORY_FEED_H

#include <stdint.h>

#include "rebake/advisory/read.h"
#include "rebake/base/err.h"
#include "rebake/pipelines/source.h"

struct rb_feed_summary {
    int64_t records;
    char newest[RB_FEED_DATE_SIZE]; /* when the feed, or its newest record, was made: a date or time
                                       of RFC 3339 in UTC; "" when the format does not tell */
};

/* Reads a whole feed; blocks. set_path is where it goes when compiled, to be opened with
   rb_advisory_set_open, or for kev and epss with rb_threats_open; NULL: nowhere. RB_EINVALID when
   it is not of the format, or holds no record; a repository (rpm) may hold none. */
RB_NODISCARD int rb_feed_read(enum rb_source_kind kind, const char *path, const char *set_path,
                              struct rb_feed_summary *ret_summary, struct rb_err *err);

/* The same in a process of its own, run as `rebake internal feed-read KIND FILE [SET]` with limits
   on time and memory, since such files are large and come from outside: writes {"records":N,
   "newest":TIME (absent where the format tells none)}. */
RB_NODISCARD int rb_feed_read_main(enum rb_source_kind kind, const char *path, const char *set_path,
                                   int output_fd, struct rb_err *err);

#endif
