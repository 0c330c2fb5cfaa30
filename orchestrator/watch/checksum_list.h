/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of checksums as sha256sum(1) of GNU coreutils writes them, in its plain and its --tag form,
   or a file that holds one SHA-256 and nothing else. */
#ifndef REBAKE_WATCH_CHECKSUM_LIST_H
#define REBAKE_WATCH_CHECKSUM_LIST_H

#include <stddef.h>

#include "rebake/base/digest.h"

/* The SHA-256 that the list has for a file of this name; folders in front of it are ignored on both
   sides. what names the list in errors: RB_ENOTFOUND when the file is not in it, RB_EVERIFY when it
   stands there with two values. */
RB_NODISCARD int rb_checksum_list_find(const char *data, size_t size, const char *name,
                                       const char *what, char *ret_sha256, struct rb_err *err);

#endif
