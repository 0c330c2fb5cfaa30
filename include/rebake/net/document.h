/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One document of a repository in a registry, small enough to be held: a page of tags, a list of
 * referrers, a manifest that is no image's, a blob. Specification: opencontainers/distribution-spec
 * v1.1 spec.md.
 */
#ifndef REBAKE_NET_DOCUMENT_H
#define REBAKE_NET_DOCUMENT_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/net/registry.h"

struct rb_document_request {
    const struct rb_reference *reference; /* whose registry and repository are asked */
    const char *path;                     /* behind /v2/REPOSITORY/: "tags/list?n=100" */
    const char *what;                     /* names it in errors */
    const char *accept;                   /* a whole header line, or NULL */
    const char *digest;                   /* what the bytes must have, or NULL: any */
    size_t maximum;                       /* bytes */
};

struct rb_document {
    int status; /* the HTTP status, also of a refusal; 0 where there was no answer */
    const char *body;
    size_t size;
    const char *next; /* the path of the page after this one (Link, RFC 8288), or NULL */
    struct rb_http_cost cost;
};

/* error is NULL for an answer of 200. RB_EVERIFY for bytes of another digest, RB_EINVALID for a
   next page that is none of the same list. All borrowed. */
typedef void rb_document_cb(void *context, const struct rb_document *document,
                            const struct rb_err *error);

/* Asynchronous; done comes once, later. What the request names is copied. */
struct rb_document_fetch;
void rb_document_fetch_start(struct rb_registry *registry,
                             const struct rb_document_request *request, rb_document_cb *done,
                             void *context, struct rb_document_fetch **ret_fetch);
void rb_document_fetch_cancel(struct rb_document_fetch *fetch); /* done will not come */

#endif
