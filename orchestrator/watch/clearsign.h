/* SPDX-License-Identifier: Apache-2.0 */
/* The cleartext signature framework of OpenPGP (RFC 4880 section 7): text with its signature behind
   it in one file, as an InRelease is. */
#ifndef REBAKE_WATCH_CLEARSIGN_H
#define REBAKE_WATCH_CLEARSIGN_H

#include <stddef.h>

#include "rebake/base/err.h"

struct rb_clearsigned {
    char *content; /* what the signature is over, with '\n' at each line's end */
    size_t content_size;
    char *signature; /* armoured, as it stands in the file */
    size_t signature_size;
};

/* Takes a file apart, strictly: nothing may stand before, between or behind the parts, since what
   is not signed is not to be read. The signature is not looked at. RB_EVERIFY if it is not such a
   file. */
RB_NODISCARD int rb_clearsigned_split(const char *data, size_t size, const char *what,
                                      struct rb_clearsigned *ret_parts, struct rb_err *err);
void rb_clearsigned_deinit(struct rb_clearsigned *parts); /* usable with RB_CLEANUP */

#endif
