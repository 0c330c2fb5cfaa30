/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4, by OpenSSL) and the "sha256:HEX" digests of the OCI image specification. */
#ifndef REBAKE_BASE_DIGEST_H
#define REBAKE_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum {
    RB_SHA256_HEX_SIZE = 65, /* 64 digits and the NUL */
    RB_DIGEST_SIZE = 72      /* "sha256:" + 64 digits + NUL */
};

struct rb_sha256;

struct rb_sha256 *rb_sha256_new(void);
void rb_sha256_free(struct rb_sha256 *hash); /* NULL is allowed */
void rb_sha256_cleanup(struct rb_sha256 **hash);
void rb_sha256_update(struct rb_sha256 *hash, const void *data, size_t size);
/* Ends the hash: no update may follow. hex holds RB_SHA256_HEX_SIZE bytes. Returns hex. */
char *rb_sha256_hex(struct rb_sha256 *hash, char *hex);
/* Begins another hash, for less than a new one costs. */
void rb_sha256_restart(struct rb_sha256 *hash);

/* One shot. */
char *rb_sha256_of(const void *data, size_t size, char *hex);

/* Hashes a file's content. */
RB_NODISCARD int rb_sha256_of_file(const char *path, char *hex, struct rb_err *err);

/* True for "sha256:" and 64 lower-case hexadecimal digits: the only digests that Rebake accepts. */
bool rb_digest_is_valid(const char *digest);

#endif
