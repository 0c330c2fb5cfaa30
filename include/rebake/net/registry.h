/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of OCI distribution v1.1 and Docker v2 registries: token and basic authentication,
 * credential files as docker and podman read them, manifests checked against their digest, blobs
 * streamed. Specifications: opencontainers/distribution-spec spec.md, image-spec manifest.md and
 * image-index.md, CNCF distribution docs/spec/auth/token.md.
 */
#ifndef REBAKE_NET_REGISTRY_H
#define REBAKE_NET_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/digest.h"
#include "rebake/net/http.h"
#include "rebake/net/manifest.h"
#include "rebake/net/reference.h"

struct rb_registry;

/* One client may talk to any number of registries; tokens and the schemes found are kept in it. */
struct rb_registry *rb_registry_new(struct rb_http *http);
void rb_registry_free(struct rb_registry *registry);

struct rb_resolved {
    char digest[RB_DIGEST_SIZE];          /* what the tag names: an index or a manifest */
    char manifest_digest[RB_DIGEST_SIZE]; /* the manifest of the platform: what would be used */
    bool unchanged; /* digest equals the one that the caller knew; manifest_digest is then empty */
    bool moved;     /* an answer on the way was 301 or 308: it lives elsewhere, for ever */
    struct rb_http_cost cost;
};

/* error is NULL on success; on failure only the cost of resolved is set. */
typedef void rb_registry_resolved_cb(void *context, const struct rb_resolved *resolved,
                                     const struct rb_err *error);

/* What does the tag (or digest) name now? One HEAD where the digest is the known one; else the
   manifest is read, hashed, and for an index the platform's entry taken (attestations skipped).
   known_digest may be NULL. Asynchronous, for the daemon. */
struct rb_registry_request;
void rb_registry_resolve(struct rb_registry *registry, const struct rb_reference *reference,
                         const struct rb_platform *platform, const char *known_digest,
                         rb_registry_resolved_cb *done, void *context,
                         struct rb_registry_request **ret_request);
void rb_registry_cancel(struct rb_registry_request *request); /* done will not come */

/* The rest blocks and runs the client's loop itself: for jobs and the command line. */

struct rb_manifest {
    char *data; /* the bytes as served: their sha256 is digest */
    size_t size;
    char *media_type;
    char digest[RB_DIGEST_SIZE];
};
void rb_manifest_deinit(struct rb_manifest *manifest); /* usable with RB_CLEANUP */

/* The image manifest for the platform (an index is followed once). */
RB_NODISCARD int rb_registry_manifest(struct rb_registry *registry,
                                      const struct rb_reference *reference,
                                      const struct rb_platform *platform,
                                      struct rb_manifest *ret_manifest, struct rb_err *err);

/* A blob as a stream. The bytes are hashed as they pass: the read that would return the end fails
   with RB_EVERIFY if they are not what digest says, RB_ENETWORK if they end early. */
struct rb_blob;
RB_NODISCARD int rb_registry_blob(struct rb_registry *registry,
                                  const struct rb_reference *reference, const char *digest,
                                  int64_t size_bytes, struct rb_blob **ret_blob,
                                  struct rb_err *err);
/* Lends the next piece: *ret_size is 0 at the (verified) end. */
RB_NODISCARD int rb_blob_read(struct rb_blob *blob, const void **ret_data, size_t *ret_size,
                              struct rb_err *err);
void rb_blob_free(struct rb_blob *blob); /* before the end: ends the transfer */

#endif
