/* SPDX-License-Identifier: Apache-2.0 */
/* A registry on loopback that can be told to misbehave, and its token server. */
#ifndef REBAKE_TESTS_NET_FAKE_REGISTRY_H
#define REBAKE_TESTS_NET_FAKE_REGISTRY_H

#include "rebake/base/strbuf.h"
#include "rebake/net/session.h"
#include "server.h"

#define HEX64(c)      c c c c c c c c c c c c c c c c
#define INDEX_TYPE    "Content-Type: application/vnd.oci.image.index.v1+json"
#define MANIFEST_TYPE "Content-Type: application/vnd.oci.image.manifest.v1+json"

enum auth { AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

/* What is served under a path, to those who may read it. */
struct document {
    const char *path;
    const void *body;
    size_t size;
    const char *type;   /* header line */
    const char *digest; /* "Docker-Content-Digest: ..." or NULL */
};

struct fake {
    struct server *server;
    struct rb_net_session session;
    char *folder; /* of credential files */
    enum auth auth;
    bool refuse_tokens;         /* the token server knows nobody */
    bool accept_no_token;       /* the registry takes none of the tokens that it is shown */
    const char *realm_override; /* instead of the own token server */
    const char *token_answer;   /* instead of a good one */
    unsigned failure;           /* every answer's status, unless 0 */
    const char *failure_header; /* with failure */
    const char *redirect;       /* of blobs: a "Location: " line */
    unsigned head_status;       /* of every HEAD, unless 0 */
    struct document documents[8];
    size_t document_count;
    struct rb_strbuf log; /* METHOD PATH[?QUERY] [BODY], one line each */
    char challenge[300];  /* the last sent */
};

int fake_setup(void **state);
int fake_teardown(void **state);

int fake_port(const struct fake *fake);
/* Serves body at /v2/app/KIND/NAME and, if it is given, its digest in the header as well. The text
   must live as long as the server. Returns its digest in ret_digest. */
void fake_serve(struct fake *fake, const char *kind, const char *name, const void *body,
                size_t size, const char *type, char ret_digest[RB_DIGEST_SIZE]);
/* "127.0.0.1:PORT/app" + rest. */
void fake_reference(const struct fake *fake, const char *rest, struct rb_reference *ret_reference);
/* Writes the credential file that the client reads; entry is its JSON for this registry. */
void fake_log_in(struct fake *fake, const char *entry);

#endif
