/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers of advisories, one a format, of text in memory. Each gives every advisory that it finds
 * to `take`; `what` names the input in errors, which are RB_EINVALID for what is not of the format
 * and RB_ELIMIT for more than is accepted.
 */
#ifndef REBAKE_ADVISORY_READ_H
#define REBAKE_ADVISORY_READ_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/advisory/advisory.h"
#include "rebake/advisory/threat.h"

/* One record of OSV, of any schema version 1 (ossf/osv-schema docs/schema.md). What a
   distribution's record says of CVEs counts as upstream, also where it stands among the aliases
   (schema 1.6 and earlier) or, as AlmaLinux has it, among the related alone: its advisory is about
   them, and is not the same. */
RB_NODISCARD int rb_osv_read(const char *data, size_t size, const char *what, rb_advisory_cb *take,
                             void *context, struct rb_err *err);

/* Debian's security tracker: an advisory for each vulnerability of each source package, its id the
   CVE's. */
RB_NODISCARD int rb_tracker_read(const char *data, size_t size, const char *what,
                                 rb_advisory_cb *take, void *context, struct rb_err *err);

/* Alpine's secdb, and that of Wolfi and Chainguard, which has no release: an advisory for each id
   of each fix of a package. Of several ids in one text those that are CVEs are one advisory each;
   what other names stand beside a single CVE are its aliases. */
RB_NODISCARD int rb_secdb_read(const char *data, size_t size, const char *what,
                               rb_advisory_cb *take, void *context, struct rb_err *err);

/* updateinfo.xml of an rpm repository, its security advisories. The repository's distribution is
   not told in it: packages are of the ecosystem "rpm", which every rpm package is asked for too.
   Such a set is for the images that install from that repository. */
RB_NODISCARD int rb_updateinfo_read(const char *data, size_t size, const char *what,
                                    rb_advisory_cb *take, void *context, struct rb_err *err);

enum { RB_FEED_DATE_SIZE = 40 };

/* CISA's list of known exploited vulnerabilities. date is when it was released. */
RB_NODISCARD int rb_kev_read(const char *data, size_t size, const char *what,
                             struct rb_threats_builder *builder, char date[RB_FEED_DATE_SIZE],
                             struct rb_err *err);

/* One line of EPSS, without its end; number counts from 1. The first tells the date. */
RB_NODISCARD int rb_epss_read_line(const char *line, int64_t number, const char *what,
                                   struct rb_threats_builder *builder, char date[RB_FEED_DATE_SIZE],
                                   struct rb_err *err);

#endif
