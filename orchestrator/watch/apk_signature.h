/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature of an APKINDEX.tar.gz (apk v2): gzip members of their own in front, each a tar with
 * files .SIGN.RSA.KEY, .SIGN.RSA256.KEY or .SIGN.RSA512.KEY; the signature is over the bytes of all
 * that follows, packed as it is (src/extract_v2.c of apk-tools).
 */
#ifndef REBAKE_WATCH_APK_SIGNATURE_H
#define REBAKE_WATCH_APK_SIGNATURE_H

#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/watch/trouble.h"

enum { RB_APK_SIGNATURES = 8, RB_APK_SIGNATURE_SIZE = 2048, RB_APK_KEY_NAME_SIZE = 256 };

struct rb_apk_signature {
    const char *digest; /* "sha1", "sha256", "sha512" */
    char key[RB_APK_KEY_NAME_SIZE];
    unsigned char bytes[RB_APK_SIGNATURE_SIZE];
    size_t size;
};

struct rb_apk_signed {
    struct rb_apk_signature signatures[RB_APK_SIGNATURES];
    size_t count;
    const void *content; /* what they are over: borrowed from the data */
    size_t content_size;
};

/* Takes a file apart; nothing is verified. RB_EVERIFY for one without a signature, RB_EINVALID for
   what is none. */
RB_NODISCARD int rb_apk_signed_split(const void *data, size_t size, const char *what,
                                     struct rb_apk_signed *ret_signed, struct rb_err *err);

/* One signature by a key that keys (paths of PEM files, and of folders with them) hold by its name
   is enough. RB_EVERIFY and UNTRUSTED where it does not hold, KEY_CHANGED where none is by such a
   key; RB_ENOTFOUND and OURS for a path where nothing is. Reads files: for the pool. */
RB_NODISCARD int rb_apk_signed_verify(const struct rb_apk_signed *parts, const char *const *keys,
                                      const char *what, enum rb_trouble *ret_trouble,
                                      struct rb_err *err);

#endif
