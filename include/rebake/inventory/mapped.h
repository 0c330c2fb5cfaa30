/* SPDX-License-Identifier: Apache-2.0 */
/* Files of compiled data, mapped instead of loaded: derived data that is made again when it cannot
   be read, in the byte order of the machine that made it. */
#ifndef REBAKE_INVENTORY_MAPPED_H
#define REBAKE_INVENTORY_MAPPED_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "rebake/base/err.h"

/* Maps a regular file of at least minimum bytes, to be read. RB_EINVALID for another. */
RB_NODISCARD int rb_mapped_open(const char *path, size_t minimum, void **ret_map, size_t *ret_size,
                                struct rb_err *err);
void rb_mapped_close(void *map, size_t size); /* NULL is allowed */

/* For writing (rb_file_write_pieces): what is behind the header, and its CRC-32 (zlib). */
struct iovec rb_mapped_piece(const void *data, size_t size);
uint32_t rb_mapped_checksum(const struct iovec *pieces, size_t count);

#endif
