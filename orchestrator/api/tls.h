/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate and key that TLS sessions are served with, by GnuTLS. They can be exchanged while
   sessions begin: each handshake asks anew. */
#ifndef REBAKE_API_TLS_H
#define REBAKE_API_TLS_H

#include <microhttpd.h>
#include <stdbool.h>

#include "rebake/base/err.h"
#include "rebake/pipelines/settings.h"

struct api_tls;

/* Of the settings' certificate and key, PEM. RB_EINVALID when they are not, or do not fit. */
RB_NODISCARD int api_tls_new(const struct rb_listen_settings *listen, struct api_tls **ret_tls,
                             struct rb_err *err);
void api_tls_free(struct api_tls *tls); /* NULL is allowed; no session may be left */

/* Reads both again from the settings' paths. On failure the old ones stay. */
RB_NODISCARD int api_tls_reload(struct api_tls *tls, const struct rb_listen_settings *listen,
                                struct rb_err *err);
/* True when one of the files is another than was read last, or was tried last. */
bool api_tls_is_outdated(const struct api_tls *tls);

/* To be called for each new connection, before its handshake. */
void api_tls_serve(struct api_tls *tls, struct MHD_Connection *connection);
/* For MHD_OPTION_HTTPS_CERT_CALLBACK. */
extern void *const api_tls_callback;

#endif
