/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a vulnerability beside what it is in: that it is exploited (CISA's KEV), and how
 * likely it is to be (FIRST's EPSS). Both speak of CVEs alone: a file of rows sorted by CVE, mapped
 * and searched, to be joined with an advisory by any of its names.
 */
#ifndef REBAKE_ADVISORY_THREAT_H
#define REBAKE_ADVISORY_THREAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

enum rb_threats_kind { RB_THREATS_KEV, RB_THREATS_EPSS };

struct rb_exploited {
    const char *name; /* "Apache Log4j2 Remote Code Execution Vulnerability" */
    int64_t added_at; /* when it was listed */
    int64_t due_at;   /* until when federal agencies have to act; 0: not told */
    bool ransomware;  /* known to be used by it */
};

struct rb_epss {
    double score;      /* 0 to 1: that it is exploited within 30 days */
    double percentile; /* 0 to 1: of all CVEs, those with no higher score */
};

/* True for "CVE-2016-9962", with the number by which such names are sorted. */
bool rb_cve_parse(const char *name, uint64_t *ret_number);

struct rb_threats_builder;
struct rb_threats_builder *rb_threats_builder_new(enum rb_threats_kind kind);
void rb_threats_builder_free(struct rb_threats_builder *builder); /* NULL is allowed */
/* RB_EINVALID for what is no CVE, RB_ELIMIT for too many. Of one that is added twice the last
   counts. */
RB_NODISCARD int rb_threats_builder_add_exploited(struct rb_threats_builder *builder,
                                                  const char *cve,
                                                  const struct rb_exploited *exploited,
                                                  struct rb_err *err);
RB_NODISCARD int rb_threats_builder_add_epss(struct rb_threats_builder *builder, const char *cve,
                                             const struct rb_epss *epss, struct rb_err *err);
size_t rb_threats_builder_count(const struct rb_threats_builder *builder);
RB_NODISCARD int rb_threats_builder_write(struct rb_threats_builder *builder, const char *path,
                                          struct rb_err *err);

struct rb_threats;
RB_NODISCARD int rb_threats_open(const char *path, struct rb_threats **ret_threats,
                                 struct rb_err *err);
void rb_threats_close(struct rb_threats *threats); /* NULL is allowed */
size_t rb_threats_count(const struct rb_threats *threats);
/* False for what is not listed, and of a file of the other kind. The name is in the file. */
bool rb_threats_exploited(const struct rb_threats *threats, const char *cve,
                          struct rb_exploited *ret_exploited);
bool rb_threats_epss(const struct rb_threats *threats, const char *cve, struct rb_epss *ret_epss);

#endif
