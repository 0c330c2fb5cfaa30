/* SPDX-License-Identifier: Apache-2.0 */
/* References to images in registries, as the OCI distribution specification v1.1 and docker write
   them: [registry[:port]/]repository[:tag][@digest]. Short names follow docker: "debian" is
   docker.io/library/debian. */
#ifndef REBAKE_NET_REFERENCE_H
#define REBAKE_NET_REFERENCE_H

#include "rebake/base/err.h"

struct rb_reference {
    char *registry;   /* host[:port] as written, "docker.io" for short names */
    char *repository; /* "library/debian" */
    char *tag;        /* NULL if none was written and a digest was; else "latest" if none */
    char *digest;     /* "sha256:…" or NULL */
};

RB_NODISCARD int rb_reference_parse(const char *text, struct rb_reference *ret_reference,
                                    struct rb_err *err);
void rb_reference_deinit(struct rb_reference *reference); /* usable with RB_CLEANUP */
/* registry/repository[:tag][@digest]; the caller frees it. */
char *rb_reference_format(const struct rb_reference *reference);

/* True for a registry on this machine's loopback: there, as docker and podman do, plain HTTP is
   accepted where TLS is not spoken. */
int rb_reference_is_loopback(const struct rb_reference *reference);

#endif
