/* SPDX-License-Identifier: Apache-2.0 */
/* Where the mirrors of an rpm repository are: a plain list of URLs, or a metalink of version 3 (as
   MirrorManager serves it) or 4 (RFC 5854), which also says what repomd.xml must be. */
#ifndef REBAKE_WATCH_MIRRORLIST_H
#define REBAKE_WATCH_MIRRORLIST_H

#include <stdbool.h>

#include "checksum.h"
#include "rebake/base/strlist.h"

enum { RB_MIRRORLIST_STATES = 64 };

struct rb_mirrorlist {
    struct rb_strlist urls; /* the repositories' roots, in the order of the list, without '/' at
                               their end; one at least */
    /* Checksums of repomd.xml in the states that may be served, the newest first. */
    struct rb_checksum states[RB_MIRRORLIST_STATES];
    size_t state_count; /* 0 for a plain list */
};

/* RB_EINVALID for what is neither, RB_ENOTFOUND for a list without a mirror over http or https. */
RB_NODISCARD int rb_mirrorlist_parse(const char *data, size_t size, const char *what,
                                     struct rb_mirrorlist *ret_list, struct rb_err *err);
void rb_mirrorlist_deinit(struct rb_mirrorlist *list); /* usable with RB_CLEANUP */

/* Whether repomd.xml is one of the list's states; true where it has none. */
bool rb_mirrorlist_allows(const struct rb_mirrorlist *list, const void *repomd, size_t size);
/* The same by its SHA-256. */
bool rb_mirrorlist_allows_hash(const struct rb_mirrorlist *list, const char *sha256);

#endif
