/* SPDX-License-Identifier: Apache-2.0 */
/* One credential file of docker or podman (containers-auth.json(5), docker's config.json): who we
   are to a registry. */
#ifndef REBAKE_NET_AUTH_FILE_H
#define REBAKE_NET_AUTH_FILE_H

#include "rebake/base/err.h"
#include "rebake/base/json.h"

/* All NULL: nobody. */
struct rb_credentials {
    char *user;
    char *password;
    char *identity_token; /* instead of a password: shown to the token server only */
    char *helper;         /* ask docker-credential-HELPER for the above */
};

void rb_credentials_deinit(struct rb_credentials *credentials); /* usable with RB_CLEANUP */
bool rb_credentials_are_empty(const struct rb_credentials *credentials);

/* What the file says for registry ("docker.io", "registry.example.com:5000") and repository: a
   helper named for the registry, then the longest key of "auths" that is the registry or a
   namespace or repository in it, then the helper for all. Fills nothing when it says nothing. what
   names the file in errors. */
RB_NODISCARD int rb_auth_file_find(const json_t *file, const char *what, const char *registry,
                                   const char *repository, struct rb_credentials *ret_credentials,
                                   struct rb_err *err);

/* The answer of a helper, {"ServerURL","Username","Secret"}. */
RB_NODISCARD int rb_auth_helper_answer(const char *data, size_t size, const char *what,
                                       struct rb_credentials *ret_credentials, struct rb_err *err);

#endif
