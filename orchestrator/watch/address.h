/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses of sources as people may read them: a URL may carry a password, a message may not. */
#ifndef REBAKE_WATCH_ADDRESS_H
#define REBAKE_WATCH_ADDRESS_H

#include "rebake/base/err.h"

/* The URL without its user info ("https://user:pass@host/x" gives "https://host/x"); the caller
   frees it. What is no URL comes back as it is. */
char *rb_address_shown(const char *url);

/* The user and password of a URL, percent-decoded, which the caller frees; NULL where it has none.
 */
void rb_address_user_info(const char *url, char **ret_user, char **ret_password);

/* Replaces the URL's user info by "***" wherever it stands in the error's text: for the messages of
   libraries that repeat what they were given. */
void rb_address_scrub(const char *url, struct rb_err *err);

#endif
