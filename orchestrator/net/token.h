/* SPDX-License-Identifier: Apache-2.0 */
/* Bearer tokens for registries (CNCF distribution docs/spec/auth/token.md and oauth.md): fetched
   from the server that a registry names, and kept until they expire. */
#ifndef REBAKE_NET_TOKEN_H
#define REBAKE_NET_TOKEN_H

#include "auth_file.h"
#include "rebake/net/http.h"

/* What a token is good for. */
struct rb_grant {
    const char *realm; /* URL of the token server */
    const char *service;
    const char *scope;
};

struct rb_token_cache;
struct rb_token_cache *rb_token_cache_new(void);
void rb_token_cache_free(struct rb_token_cache *cache); /* NULL is allowed */
/* A token that is still good, or NULL. Borrowed until the cache is changed. */
const char *rb_token_cache_find(struct rb_token_cache *cache, const struct rb_grant *grant);
void rb_token_cache_keep(struct rb_token_cache *cache, const struct rb_grant *grant,
                         const char *value, int64_t lifetime_ms);
void rb_token_cache_forget(struct rb_token_cache *cache, const struct rb_grant *grant);

/* Is the realm a place to send credentials to? https, or http where registry and realm both lie on
   this machine's loopback. RB_EAUTH otherwise. */
RB_NODISCARD int rb_token_check_realm(const char *realm, bool registry_is_loopback,
                                      struct rb_err *err);

/* Asks for a token; the answer to done is for rb_token_read. Without credentials the request is
   anonymous. */
void rb_token_request(struct rb_http *http, const struct rb_grant *grant,
                      const struct rb_credentials *credentials, rb_http_cb *done, void *context,
                      struct rb_http_transfer **ret_transfer);
/* Reads {"token" or "access_token","expires_in"}. The caller frees *ret_token. */
RB_NODISCARD int rb_token_read(const char *data, size_t size, char **ret_token,
                               int64_t *ret_lifetime_ms, struct rb_err *err);

#endif
