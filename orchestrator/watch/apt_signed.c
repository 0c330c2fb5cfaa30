/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_signed.h"

#include "kept.h"

enum { STATES = 16 };

/* The signature first: where a Release is, all is. */
int rb_apt_signed_keep(const struct rb_apt_signed *whole, const char *folder, const char *hash,
                       struct rb_err *err)
{
    if (whole->signature == NULL)
        return rb_kept_write(folder, hash, RB_APT_INRELEASE, whole->release, whole->release_size,
                             STATES, err);
    int status = rb_kept_write(folder, hash, RB_APT_RELEASE_GPG, whole->signature,
                               whole->signature_size, STATES, err);
    if (status == 0)
        status = rb_kept_write(folder, hash, RB_APT_RELEASE, whole->release, whole->release_size,
                               STATES, err);
    return status;
}
