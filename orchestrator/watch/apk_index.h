/* SPDX-License-Identifier: Apache-2.0 */
/* The content of an APKINDEX.tar.gz behind its signature: a tar of DESCRIPTION and APKINDEX, which
   has a line "LETTER:value" a field and an empty line behind each package (apk-package(5)). */
#ifndef REBAKE_WATCH_APK_INDEX_H
#define REBAKE_WATCH_APK_INDEX_H

#include <stdint.h>

#include "rebake/inventory/index.h"

enum { RB_APK_DESCRIPTION_SIZE = 256 };

struct rb_apk_index {
    char description[RB_APK_DESCRIPTION_SIZE]; /* "v3.20.3-89-gabcdef"; "" without one */
    int64_t made_at;                           /* 0 when it is not said */
};

/* Adds what is offered to the builder, a package without an architecture as one of `architecture`.
   RB_EINVALID for what cannot be read, RB_ELIMIT for an index that is too large. */
RB_NODISCARD int rb_apk_index_read(const void *content, size_t size, const char *architecture,
                                   const char *what, struct rb_index_builder *builder,
                                   struct rb_apk_index *ret_index, struct rb_err *err);

#endif
