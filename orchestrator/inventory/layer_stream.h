/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A layer as the bytes of its tar file: compressed bytes in, from wherever they come, and what is
 * unpacked (gzip, zstd, xz, plain: told by magic, since media types lie) handed on piece by piece
 * and hashed on the way. Nothing is written to disk.
 */
#ifndef ORCHESTRATOR_INVENTORY_LAYER_STREAM_H
#define ORCHESTRATOR_INVENTORY_LAYER_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"

/* Lends the next piece of the compressed bytes; *ret_size is 0 at the end, which the source has
   then verified. */
struct layer_source {
    void *context;
    int (*read)(void *context, const void **ret_data, size_t *ret_size, struct rb_err *err);
};

struct layer_stream;

/* diff_id: "sha256:…" that the unpacked bytes must have, or NULL. maximum: how many of these bytes
   may come, past them it is RB_ELIMIT. source and diff_id are borrowed. */
RB_NODISCARD int layer_stream_open(const struct layer_source *source, const char *diff_id,
                                   uint64_t maximum, struct layer_stream **ret_stream,
                                   struct rb_err *err);
void layer_stream_free(struct layer_stream *stream); /* NULL is allowed */
void layer_stream_cleanup(struct layer_stream **stream);

/* Lends the next piece of the tar file; *ret_size is 0 at the end. RB_ELIMIT for what grows as no
   real layer does. */
RB_NODISCARD int layer_stream_read(struct layer_stream *stream, const void **ret_data,
                                   size_t *ret_size, struct rb_err *err);

/* Reads what is left and checks it: RB_EVERIFY when the unpacked bytes are not those of diff_id. */
RB_NODISCARD int layer_stream_finish(struct layer_stream *stream, struct rb_err *err);

/* For a stream that turned out to be broken: reads the source to its end. Fails as the source does
   when that is the reason: bytes that were changed or lost on their way. */
RB_NODISCARD int layer_stream_check_source(struct layer_stream *stream, struct rb_err *err);

uint64_t layer_stream_size(const struct layer_stream *stream); /* bytes unpacked so far */

#endif
