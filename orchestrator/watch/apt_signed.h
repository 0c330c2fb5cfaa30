/* SPDX-License-Identifier: Apache-2.0 */
/* The signed file of a state of an apt repository, as it was served: an InRelease, or a Release
   with its Release.gpg. */
#ifndef REBAKE_WATCH_APT_SIGNED_H
#define REBAKE_WATCH_APT_SIGNED_H

#include <stddef.h>

#include "rebake/base/err.h"

enum { RB_APT_RELEASE_MAXIMUM = 8 << 20, RB_APT_SIGNATURE_MAXIMUM = 1 << 20 };

#define RB_APT_INRELEASE   "InRelease"
#define RB_APT_RELEASE     "Release"
#define RB_APT_RELEASE_GPG "Release.gpg"

struct rb_apt_signed {
    const char *release; /* an InRelease where signature is NULL */
    size_t release_size;
    const char *signature;
    size_t signature_size;
};

/* Keeps it under the hash of what is signed, of the newest 16 states. */
RB_NODISCARD int rb_apt_signed_keep(const struct rb_apt_signed *whole, const char *folder,
                                    const char *hash, struct rb_err *err);

#endif
