/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is what a ref names signed as its source wants it? A branch by the commit at its tip, a tag by
 * its own object: a commit's signature says nothing of the names that others give it. Blocks: for a
 * process of its own.
 */
#ifndef REBAKE_WATCH_GIT_SIGNATURE_H
#define REBAKE_WATCH_GIT_SIGNATURE_H

#include "git_mirror.h"
#include "rebake/watch/trouble.h"

/* object is what the ref names; the mirror has it. 0 where the source wants no signature.
   RB_EVERIFY, with UNTRUSTED or KEY_CHANGED in *ret_trouble: there is none, or not such a one. */
RB_NODISCARD int rb_git_signature_check(const struct rb_git_mirror *mirror, const char *ref,
                                        const git_oid *object, enum rb_trouble *ret_trouble,
                                        struct rb_err *err);

#endif
