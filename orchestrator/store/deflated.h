/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in a row, in zlib's format (RFC 1950): a column for its size, and one for the bytes. */
#ifndef REBAKE_STORE_DEFLATED_H
#define REBAKE_STORE_DEFLATED_H

#include "query.h"

/* Of a text; the caller frees it. */
void *deflated_make(const char *content, size_t size, size_t *ret_size);
/* Reads the two columns: the text, NUL-terminated, which the caller frees; NULL where it is not
   what was put in, or is larger than maximum. */
char *deflated_read(struct query *query, size_t maximum, size_t *ret_size);

#endif
