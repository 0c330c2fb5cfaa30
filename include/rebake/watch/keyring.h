/* SPDX-License-Identifier: Apache-2.0 */
/* Keyrings as operators have them: binary, or in ASCII armour, which gpgv does not read. */
#ifndef REBAKE_WATCH_KEYRING_H
#define REBAKE_WATCH_KEYRING_H

#include <stddef.h>

#include "rebake/base/err.h"

/* The keyring's packets: all armoured blocks (RFC 4880 section 6.2) decoded and joined, or the data
   as it is. The caller frees *ret_binary. RB_EINVALID for what is neither. */
RB_NODISCARD int rb_keyring_to_binary(const char *data, size_t size, const char *what,
                                      char **ret_binary, size_t *ret_size, struct rb_err *err);

#endif
