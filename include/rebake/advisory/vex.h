/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vulnerability exploitability exchange: what somebody says of a product and a vulnerability. Read
 * from OpenVEX 0.2 (openvex/spec, OPENVEX-SPEC.md; 0.0.x documents too) and from CycloneDX 1.4 to
 * 1.6 (vulnerabilities[].analysis). Pure.
 */
#ifndef REBAKE_ADVISORY_VEX_H
#define REBAKE_ADVISORY_VEX_H

#include "rebake/advisory/match.h"

enum rb_vex_status {
    RB_VEX_NOT_AFFECTED,
    RB_VEX_AFFECTED,
    RB_VEX_FIXED,
    RB_VEX_UNDER_INVESTIGATION
};
/* "not_affected", as OpenVEX has it. */
const char *rb_vex_status_name(enum rb_vex_status status);

/* Lists are NULL-terminated. */
struct rb_vex_product {
    const char *const *names; /* package URLs, names of images, digests ("sha256:…") */
    const char *const *parts; /* package URLs in it that it is about; none: the whole */
};

/* Texts are "" where nothing is said. */
struct rb_vex_statement {
    const char *const *vulnerabilities; /* its name and aliases; NULL-terminated */
    enum rb_vex_status status;
    const char
        *justification; /* "vulnerable_code_not_present", in OpenVEX's words where it has one */
    const char *impact; /* why it is not affected, in words */
    const char *action; /* what is to be done where it is */
    int64_t at;         /* when it was said; 0: not told */
    const struct rb_vex_product *products;
    size_t product_count;
};

struct rb_vex {
    struct rb_arena *arena; /* owns all */
    const char *document;   /* its id */
    const char *author;
    struct rb_vex_statement *statements; /* in the order of the document */
    size_t count;
};

enum { RB_VEX_MAXIMUM = 64 * 1024 * 1024 /* bytes of a document */ };

/* what names it in errors: RB_EINVALID for what is neither format, a status that there is not, and
   a not_affected without a justification or an impact statement, which the specification refuses.
   On success the caller frees *ret_vex. */
RB_NODISCARD int rb_vex_read(const char *data, size_t size, const char *what,
                             struct rb_vex **ret_vex, struct rb_err *err);
void rb_vex_free(struct rb_vex *vex); /* NULL is allowed */

/* Where a package is; texts may be NULL where there is no image. */
struct rb_vex_place {
    const char *image;     /* "shop/app" */
    const char *reference; /* registry/name */
    const char *digest;    /* of the manifest */
    const struct rb_inventory *inventory;
    const struct rb_package *package;
};

/* Is the statement about that finding, there? A statement about the package itself is about it
   wherever it is. */
bool rb_vex_is_about(const struct rb_vex_statement *statement, const struct rb_finding *finding,
                     const struct rb_vex_place *place);

#endif
