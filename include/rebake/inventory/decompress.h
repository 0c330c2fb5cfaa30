/* SPDX-License-Identifier: Apache-2.0 */
/* Compressed data in memory, unpacked piece by piece: xz, gzip, zstd, bzip2, or plain, told by its
   first bytes. */
#ifndef REBAKE_INVENTORY_DECOMPRESS_H
#define REBAKE_INVENTORY_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

/* Takes a piece of what came out; a failure ends the work and is returned. */
typedef int rb_decompress_sink(void *context, const void *data, size_t size, struct rb_err *err);

/* True unless the data is plain, by its first bytes. */
bool rb_is_compressed(const void *data, size_t size);

/* RB_ELIMIT when more than maximum bytes come out, RB_EINVALID when the data is broken, ends early
   or has something behind its end. */
RB_NODISCARD int rb_decompress(const void *data, size_t size, uint64_t maximum,
                               rb_decompress_sink *sink, void *context, struct rb_err *err);

#endif
