/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that make up the registry client share. */
#ifndef REBAKE_NET_REGISTRY_PARTS_H
#define REBAKE_NET_REGISTRY_PARTS_H

#include <sys/queue.h>

#include "rebake/net/manifest.h"
#include "rebake/net/registry.h"
#include "token.h"

enum {
    RB_MANIFEST_MAXIMUM = 8 << 20, /* the specification asks for at least 4 MiB */
    RB_PLACE_BUCKETS = 4096
};

/* What has been learnt of a registry: what speaks TLS for one repository does so for all. */
struct rb_site {
    LIST_ENTRY(rb_site) link;
    char *name;
    bool scheme_known;
    bool plain; /* http; only ever on loopback */
};

/* What has been learnt of one repository of one registry: how it wants to be asked. */
struct rb_place {
    TAILQ_ENTRY(rb_place) link;
    LIST_ENTRY(rb_place) bucket_link;
    struct rb_site *site;
    char *repository;
    char *user;            /* it wants basic authentication, as this user */
    char *password;        /* with user */
    char *realm;           /* it wants a token from here */
    char *service, *scope; /* with realm; service may be NULL */
};

struct rb_registry {
    struct rb_http *http;
    struct rb_token_cache *tokens;
    LIST_HEAD(, rb_site) sites;    /* the one asked last is the first */
    TAILQ_HEAD(, rb_place) places; /* the longest unused first */
    LIST_HEAD(, rb_place) buckets[RB_PLACE_BUCKETS];
    int place_count;
    int helpers; /* credential helpers that have not ended yet */
};

/* What is known of the reference's repository; made when it is new. Borrowed until the next call.
 */
struct rb_place *rb_place_of(struct rb_registry *registry, const struct rb_reference *reference);
void rb_place_set_scheme(struct rb_place *place, bool plain);
void rb_place_set_basic(struct rb_place *place, const struct rb_credentials *credentials);
void rb_place_set_bearer(struct rb_place *place, const struct rb_grant *grant);

#define RB_MANIFEST_ACCEPT                                                                         \
    "Accept: application/vnd.oci.image.index.v1+json, "                                            \
    "application/vnd.oci.image.manifest.v1+json, "                                                 \
    "application/vnd.docker.distribution.manifest.list.v2+json, "                                  \
    "application/vnd.docker.distribution.manifest.v2+json"

/* "manifests/TAG-OR-DIGEST", and how to call it in errors; the caller frees them. */
char *rb_manifest_path(const struct rb_reference *reference);
char *rb_manifest_what(const struct rb_reference *reference);
/* Hashes what was served for the reference. RB_EVERIFY if it names another digest. */
RB_NODISCARD int rb_manifest_verify(const struct rb_reference *reference, const char *data,
                                    size_t size, const char *what, char ret_digest[RB_DIGEST_SIZE],
                                    struct rb_err *err);

#endif
