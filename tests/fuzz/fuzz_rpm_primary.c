/* SPDX-License-Identifier: Apache-2.0 */
/* A primary.xml gives the same offers whether it comes at once or in pieces. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "watch/rpm_primary.h"

enum { PIECE = 7 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_pieces(const uint8_t *data, size_t size, size_t piece, size_t *ret_count)
{
    static const char *const X86[] = {"x86_64", NULL};
    struct rb_index_builder *builder = rb_index_builder_new_ordered(&rb_version_rpm);
    struct rb_rpm_primary *primary = rb_rpm_primary_new(builder, X86);
    struct rb_err err;
    int status = 0;
    for (size_t at = 0; at < size && status == 0; at += piece)
        status =
            rb_rpm_primary_feed(primary, data + at, size - at < piece ? size - at : piece, &err);
    if (status == 0)
        status = rb_rpm_primary_end(primary, &err);
    *ret_count = rb_index_builder_count(builder);
    rb_rpm_primary_free(primary);
    rb_index_builder_free(builder);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole_count, pieces_count;
    int whole = read_pieces(data, size, size + 1, &whole_count);
    int pieces = read_pieces(data, size, PIECE, &pieces_count);
    RB_ASSERT((whole == 0) == (pieces == 0));
    RB_ASSERT(whole != 0 || whole_count == pieces_count);
    return 0;
}
