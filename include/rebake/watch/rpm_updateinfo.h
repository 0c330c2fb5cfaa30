/* SPDX-License-Identifier: Apache-2.0 */
/* updateinfo.xml: what an rpm repository says of its updates, above all which of them are security
   fixes, and for which vulnerabilities. */
#ifndef REBAKE_WATCH_RPM_UPDATEINFO_H
#define REBAKE_WATCH_RPM_UPDATEINFO_H

#include <stddef.h>

#include "rebake/base/err.h"

/* A text that is not there is "". */
struct rb_rpm_reference {
    const char *type; /* "cve", "bugzilla", "self", … */
    const char *id;
    const char *href;
};

struct rb_rpm_fix {
    const char *name;
    const char *version; /* [epoch:]version-release; an epoch of 0 is left out */
    const char *architecture;
    const char *module; /* "name:stream" of the module that it belongs to */
};

struct rb_rpm_advisory {
    const char *id;       /* "RHSA-2026:1234" */
    const char *type;     /* "security", "bugfix", "enhancement", … */
    const char *severity; /* "Critical", "Important", …, as the publisher has it */
    const char *issued;   /* a date, as the publisher writes it */
    const struct rb_rpm_reference *references;
    size_t reference_count;
    const struct rb_rpm_fix *fixes;
    size_t fix_count;
};

/* Borrowed for the call. A failure ends the reading and is returned. */
typedef int rb_rpm_advisory_cb(void *context, const struct rb_rpm_advisory *advisory,
                               struct rb_err *err);

/* Reads a document that comes in pieces. RB_EINVALID for what is none, and for an update without an
   id; RB_ELIMIT for one with more than 20,000 packages or references. */
struct rb_rpm_updateinfo;
struct rb_rpm_updateinfo *rb_rpm_updateinfo_new(rb_rpm_advisory_cb *take, void *context);
void rb_rpm_updateinfo_free(struct rb_rpm_updateinfo *updateinfo); /* NULL is allowed */
RB_NODISCARD int rb_rpm_updateinfo_feed(struct rb_rpm_updateinfo *updateinfo, const void *data,
                                        size_t size, struct rb_err *err);
RB_NODISCARD int rb_rpm_updateinfo_end(struct rb_rpm_updateinfo *updateinfo, struct rb_err *err);

#endif
