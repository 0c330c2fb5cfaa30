/* SPDX-License-Identifier: Apache-2.0 */
/* A gzip stream (RFC 1952), of one or more members, unpacked as it comes: what most layers are. */
#ifndef ORCHESTRATOR_INVENTORY_GUNZIP_H
#define ORCHESTRATOR_INVENTORY_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/err.h"

struct gunzip;

struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip); /* NULL is allowed */

/* Is it the beginning of a gzip stream? */
bool gunzip_is_gzip(const void *data, size_t size);

/* Gives the next piece of the packed bytes, borrowed until the next one is given; only when
   gunzip_read wants it. size 0: there is no more. */
void gunzip_feed(struct gunzip *gunzip, const void *data, size_t size);

/* Lends the next piece of what was packed. *ret_size is 0 when the next piece is wanted, or, with
   *ret_ended, at the end: what is behind the last member is left alone. RB_EINVALID for a stream
   that is broken or ends early. */
RB_NODISCARD int gunzip_read(struct gunzip *gunzip, const void **ret_data, size_t *ret_size,
                             bool *ret_ended, struct rb_err *err);

#endif
