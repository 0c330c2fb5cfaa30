/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums as upstreams write them: an algorithm's name and digits. Only SHA-2 counts. */
#ifndef REBAKE_WATCH_CHECKSUM_H
#define REBAKE_WATCH_CHECKSUM_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

enum { RB_CHECKSUM_HEX_SIZE = 129 };

struct rb_checksum {
    const char *algorithm; /* "sha256", "sha384" or "sha512"; NULL: none */
    char hex[RB_CHECKSUM_HEX_SIZE];
};

/* Takes "sha256" and "sha-256" alike. RB_EVERIFY for an algorithm that does not count, RB_EINVALID
   for digits that are none of its. */
RB_NODISCARD int rb_checksum_parse(const char *algorithm, const char *hex,
                                   struct rb_checksum *ret_checksum, struct rb_err *err);
bool rb_checksum_matches(const struct rb_checksum *checksum, const void *data, size_t size);

/* The same of data that comes in pieces. */
struct rb_checksum_run;
struct rb_checksum_run *rb_checksum_begin(const struct rb_checksum *checksum);
void rb_checksum_update(struct rb_checksum_run *run, const void *data, size_t size);
bool rb_checksum_end(struct rb_checksum_run *run); /* does it match? Frees run */

#endif
