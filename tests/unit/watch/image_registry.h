/* SPDX-License-Identifier: Apache-2.0 */
/* A registry for tests, as far as checks ask one: several repositories on one server of 127.0.0.1,
   each of which can be out of order. */
#ifndef REBAKE_TEST_IMAGE_REGISTRY_H
#define REBAKE_TEST_IMAGE_REGISTRY_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/digest.h"

enum { IMAGE_ENTRIES_MAXIMUM = 64 };

struct image_entry {
    char *path; /* "/v2/REPOSITORY/manifests/…" */
    char *type;
    char *body; /* NULL: gone */
    char digest[RB_DIGEST_SIZE];
};

struct image_registry {
    struct server *server;
    struct image_entry entries[IMAGE_ENTRIES_MAXIMUM];
    size_t entry_count;
    char *old[IMAGE_ENTRIES_MAXIMUM]; /* bodies that were served */
    size_t old_count;
    size_t page_size;
    const char *link;   /* instead of the next page's, or NULL */
    const char *broken; /* the repository that answers `status` to all, or NULL */
    unsigned status;
    bool referrers; /* the registry knows them */
    char answer[4096], next[256], digest[128];
    char log[4096]; /* "METHOD PATH\n" of each request */
};

struct image_registry *image_registry_new(void);
void image_registry_free(struct image_registry *registry);
/* "127.0.0.1:PORT/REPOSITORY"; the caller frees it. */
char *image_registry_name(const struct image_registry *registry, const char *repository);

/* What is there under /v2/REPOSITORY/PATH; a NULL body takes it away. */
void image_registry_put(struct image_registry *registry, const char *repository, const char *path,
                        const char *type, const char *body);
/* A manifest with this content, and a tag on it unless NULL. */
void image_registry_manifest(struct image_registry *registry, const char *repository,
                             const char *tag, const char *content, char digest[RB_DIGEST_SIZE]);

/* A signature as cosign makes it: of `signed_digest`, put where that of `digest` is looked for:
   under its tag, or among its referrers (then the registry must know them, or `fallback`). */
enum image_signature_place { UNDER_TAG, AMONG_REFERRERS, UNDER_FALLBACK };
void image_registry_sign(struct image_registry *registry, const char *repository, EVP_PKEY *key,
                         const char *signed_digest, const char *digest,
                         enum image_signature_place place);

/* "EC", "RSA", "ED25519"; and its public half in PEM, freed by the caller. */
EVP_PKEY *image_key_new(const char *type);
char *image_key_pem(EVP_PKEY *key);
/* The signature of these bytes in base64; the caller frees it. */
char *image_key_sign(EVP_PKEY *key, const char *data, size_t size);

#endif
