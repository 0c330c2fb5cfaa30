/* SPDX-License-Identifier: Apache-2.0 */
/* A Packages file, compressed or not. Fed whole or in pieces it must read the same. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/decompress.h"
#include "rebake/inventory/index.h"

enum { UNPACKED_MAX = 1 << 20, PIECE = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rb_index_builder *whole = rb_index_builder_new();
    struct rb_index_builder *pieces = rb_index_builder_new();
    int unpacked =
        rb_index_builder_feed_compressed(whole, data, size, UNPACKED_MAX, NULL, "whole", NULL);
    int fed = 0;
    for (size_t at = 0; at < size && fed == 0; at += PIECE)
        fed = rb_index_builder_feed(pieces, data + at, size - at < PIECE ? size - at : PIECE, NULL);
    int whole_ended = unpacked == 0 ? rb_index_builder_end_file(whole, "whole", NULL) : unpacked;
    int pieces_ended = fed == 0 ? rb_index_builder_end_file(pieces, "pieces", NULL) : fed;
    /* Text may begin as compressed data does: whole it is unpacked, in pieces it is not. */
    if (pieces_ended == 0 && size <= UNPACKED_MAX && !rb_is_compressed(data, size)) {
        RB_ASSERT(whole_ended == 0);
        RB_ASSERT(rb_index_builder_count(whole) == rb_index_builder_count(pieces));
    }
    rb_index_builder_free(whole);
    rb_index_builder_free(pieces);
    return 0;
}
