/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures, verified by a gpgv child. Its exit code is not the verdict: a file signed by three
   keys of which the keyring holds one is good, and makes gpgv exit with 2. */
#ifndef REBAKE_WATCH_GPGV_H
#define REBAKE_WATCH_GPGV_H

#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/loop/loop.h"
#include "rebake/watch/watch.h"

enum { RB_FINGERPRINT_SIZE = 65 }; /* of a key of version 5; version 4 has 40 digits */

/* All is copied. */
struct rb_gpgv_request {
    const char *what;    /* names the signed file in errors */
    const char *keyring; /* path, armoured or binary */
    const char *folder;  /* a private temporary folder is made in it */
    const char *content;
    size_t content_size;
    const char *signature; /* detached, armoured or binary */
    size_t signature_size;
};

struct rb_gpgv_verdict {
    char fingerprint[RB_FINGERPRINT_SIZE]; /* of the primary key whose signature was accepted */
    /* Of a refusal: UNTRUSTED, or KEY_CHANGED where all that is against the file is that the keys
       of its signatures are others. */
    enum rb_trouble trouble;
};

/* error is NULL when a signature was accepted; RB_EVERIFY when none was. The verdict is borrowed,
   and says nothing of errors that are not RB_EVERIFY. */
typedef void rb_gpgv_cb(void *context, const struct rb_gpgv_verdict *verdict,
                        const struct rb_err *error);

struct rb_gpgv;
struct rb_gpgv *rb_gpgv_start(struct rb_loop *loop, const struct rb_gpgv_request *request,
                              rb_gpgv_cb *done, void *context);
void rb_gpgv_cancel(struct rb_gpgv *gpgv); /* done will not come */

/* Judges what gpgv wrote to its --status-fd (GnuPG's doc/DETAILS). Good is: no signature is bad,
   and at least one is valid, unexpired, made with a hash of SHA-2 or SHA-3 by a key that is neither
   expired nor revoked. */
RB_NODISCARD int rb_gpgv_judge(const char *status, size_t size, const char *what,
                               struct rb_gpgv_verdict *ret_verdict, struct rb_err *err);

#endif
