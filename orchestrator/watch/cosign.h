/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures of images as cosign makes them with a key (sigstore/cosign specs/SIGNATURE_SPEC.md): a
 * manifest whose layers are payloads, each with its signature in an annotation. The payload, a JSON
 * document, names the digest that is signed. Pure.
 */
#ifndef REBAKE_WATCH_COSIGN_H
#define REBAKE_WATCH_COSIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/net/manifest.h"

/* Public keys, of which any will do: PEM blocks as `cosign public-key` writes them, one after the
   other. ECDSA on a NIST curve, RSA of 2048 bits or more, or Ed25519; RB_EINVALID for a file with
   none, or with one of another kind. */
struct rb_cosign_keys;
RB_NODISCARD int rb_cosign_keys_parse(const char *pem, size_t size, const char *what,
                                      struct rb_cosign_keys **ret_keys, struct rb_err *err);
void rb_cosign_keys_free(struct rb_cosign_keys *keys); /* NULL is allowed */

enum { RB_COSIGN_SIGNATURES_MAXIMUM = 32, RB_COSIGN_PAYLOAD_MAXIMUM = 64 << 10 };

/* One signature of a manifest, borrowed from its JSON. */
struct rb_cosign_signature {
    struct rb_descriptor payload;
    const char *signature; /* in base64 */
};

/* The signatures that a manifest holds; none where it is of another kind. RB_EINVALID for one that
   is malformed. */
RB_NODISCARD int rb_cosign_signatures(const json_t *manifest, const char *what,
                                      struct rb_cosign_signature *ret_signatures, size_t *ret_count,
                                      struct rb_err *err);

/* Does a key's signature of these bytes hold, and do they name the digest? RB_EVERIFY else. */
RB_NODISCARD int rb_cosign_verify(const struct rb_cosign_keys *keys, const char *payload,
                                  size_t size, const char *signature, const char *digest,
                                  struct rb_err *err);

#endif
