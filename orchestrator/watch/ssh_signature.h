/* SPDX-License-Identifier: Apache-2.0 */
/* SSH signatures (OpenSSH's PROTOCOL.sshsig), verified by ssh-keygen(1) as git does it. Blocks: for
   a process of its own. */
#ifndef REBAKE_WATCH_SSH_SIGNATURE_H
#define REBAKE_WATCH_SSH_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/watch/trouble.h"

/* All is borrowed. */
struct rb_ssh_signature {
    const char *what;            /* names what is signed in errors */
    const char *allowed_signers; /* path of the file */
    const char *folder;          /* private; the signature is written into it */
    const char *content;
    size_t content_size;
    const char *signature; /* armoured */
    size_t signature_size;
    int64_t made_at; /* when the content says that it was made: the keys' validity is judged then */
};

/* 0 when it is good, for the namespace "git", and by one of the allowed signers. RB_EVERIFY: it is
   not; *ret_trouble is then UNTRUSTED, or KEY_CHANGED where it is good but the signer is not
   allowed. */
RB_NODISCARD int rb_ssh_signature_verify(const struct rb_ssh_signature *signature,
                                         enum rb_trouble *ret_trouble, struct rb_err *err);

#endif
