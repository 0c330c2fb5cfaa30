/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is an image signed by whom it must be? Looks for cosign's signatures where they may lie: under
 * the tag sha256-HEX.sig, and among the referrers of the image (OCI distribution spec v1.1,
 * "Listing Referrers", and its fallback tag sha256-HEX).
 */
#ifndef REBAKE_WATCH_IMAGE_SIGNATURE_H
#define REBAKE_WATCH_IMAGE_SIGNATURE_H

#include "cosign.h"
#include "rebake/net/document.h"

struct rb_signature_request {
    const struct rb_reference *reference; /* the repository that is asked */
    const struct rb_cosign_keys *keys;    /* must outlive the search */
    /* Signed is what has a signature on one of these: what a tag names, an index perhaps, and the
       manifest of a platform in it. Different ones, or the second is "". */
    const char *digest;
    const char *manifest_digest;
};

struct rb_signature_answer {
    struct rb_http_cost cost;
};

/* error is NULL for a signature that holds; RB_EVERIFY where there is none. Borrowed. */
typedef void rb_signature_cb(void *context, const struct rb_signature_answer *answer,
                             const struct rb_err *error);

struct rb_signature_search;
void rb_signature_search_start(struct rb_registry *registry,
                               const struct rb_signature_request *request, rb_signature_cb *done,
                               void *context, struct rb_signature_search **ret_search);
void rb_signature_search_cancel(struct rb_signature_search *search); /* done will not come */

#endif
