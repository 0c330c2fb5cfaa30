/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets: passwords, keys, tokens. Files of Rebake hold only their names ({ secret: NAME }); the
 * value is read at the moment of use, so that a rotated one counts at once, and is zeroed after.
 * The first place that has NAME gives it:
 *
 *   1. $CREDENTIALS_DIRECTORY/NAME       LoadCredential= of systemd.exec(5)
 *   2. $REBAKE_SECRETS/NAME, or          a file that others than its owner and group cannot touch
 *      /etc/rebake/secrets/NAME
 *   3. $REBAKE_SECRET_NAME               in upper case, with "_" for "." and "-"
 *
 * One line end behind the value is not a part of it.
 */
#ifndef REBAKE_BASE_SECRET_H
#define REBAKE_BASE_SECRET_H

#include <stddef.h>

#include "rebake/base/err.h"

enum { RB_SECRET_MAXIMUM = 64 * 1024 }; /* bytes */

struct rb_secret {
    char *bytes; /* with a NUL behind them */
    size_t size; /* at least 1 */
};

/* name is one that rb_text_is_name() takes (RB_EINVALID). RB_ENOTFOUND when no place has it,
   RB_EAUTH when it is empty or everybody may read it, RB_ELIMIT when it is too large. The error
   never shows a value. */
RB_NODISCARD int rb_secret_read(const char *name, struct rb_secret *ret_secret, struct rb_err *err);

/* Zeroes and frees; usable with RB_CLEANUP. */
void rb_secret_deinit(struct rb_secret *secret);

#endif
