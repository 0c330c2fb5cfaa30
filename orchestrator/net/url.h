/* SPDX-License-Identifier: Apache-2.0 */
/* What this room asks of a URL. libcurl's own parser answers, so that we and it never read one
   differently. */
#ifndef REBAKE_NET_URL_H
#define REBAKE_NET_URL_H

#include <stdbool.h>

/* The URL without what may be secret in it (user, password, query, fragment), for messages. The
   caller frees it. */
char *rb_url_display(const char *url);

bool rb_url_is_https(const char *url);

/* Does the URL's host lie on this machine's loopback? */
bool rb_url_is_loopback(const char *url);

/* The same for a host without a port: "localhost", 127.0.0.0/8, ::1 (with or without brackets). */
bool rb_host_is_loopback(const char *host);

/* Percent-encoded for use as a value in a query or a form. The caller frees it. */
char *rb_url_escape(const char *text);

#endif
