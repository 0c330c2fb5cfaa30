/* SPDX-License-Identifier: Apache-2.0 */
/* Two states of a Packages file, with a byte 0xff between them. The second, read by a builder that
   knows the first, must offer what it offers to one that knows nothing. */
#include <stdint.h>
#include <string.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/inventory/index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* NULL for a text that is refused. In pieces of a size that cuts stanzas. */
static struct rb_index *build(const struct rb_index *known, const uint8_t *data, size_t size,
                              size_t piece, const char *path)
{
    struct rb_index_builder *builder = rb_index_builder_new_from(known);
    struct rb_index *index = NULL;
    int status = 0;
    for (size_t at = 0; at < size && status == 0; at += piece)
        status =
            rb_index_builder_feed(builder, data + at, size - at < piece ? size - at : piece, NULL);
    if (status == 0)
        status = rb_index_builder_end_file(builder, "fed", NULL);
    if (status == 0) {
        RB_ASSERT(rb_index_builder_write(builder, path, NULL) == 0);
        RB_ASSERT(rb_index_open(path, &index, NULL) == 0);
    }
    rb_index_builder_free(builder);
    return index;
}

static void must_be_the_same(const struct rb_index *a, const struct rb_index *b)
{
    RB_ASSERT((a == NULL) == (b == NULL));
    if (a == NULL)
        return;
    RB_ASSERT(rb_index_count(a) == rb_index_count(b));
    for (size_t i = 0; i < rb_index_count(a); i++) {
        struct rb_offer x, y;
        rb_index_get(a, i, &x);
        rb_index_get(b, i, &y);
        RB_ASSERT(strcmp(x.name, y.name) == 0 && strcmp(x.version, y.version) == 0 &&
                  strcmp(x.architecture, y.architecture) == 0 &&
                  strcmp(x.source_name, y.source_name) == 0 &&
                  strcmp(x.source_version, y.source_version) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *between = size == 0 ? NULL : memchr(data, 0xff, size);
    if (between == NULL)
        return 0;
    size_t first = (size_t)(between - data), second = size - first - 1;
    RB_CLEANUP_FREE char *folder = NULL;
    RB_ASSERT(rb_folder_make_temporary("/tmp/rebake-fuzz-", &folder, NULL) == 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/x.index", folder);
    struct rb_index *known = build(NULL, data, first, SIZE_MAX / 2, path);
    struct rb_index *fresh = build(NULL, between + 1, second, SIZE_MAX / 2, path);
    struct rb_index *quick = build(known, between + 1, second, 13, path);
    struct rb_index *whole = build(known, between + 1, second, SIZE_MAX / 2, path);
    must_be_the_same(fresh, quick);
    must_be_the_same(fresh, whole);
    rb_index_close(known);
    rb_index_close(fresh);
    rb_index_close(quick);
    rb_index_close(whole);
    RB_ASSERT(rb_tree_remove(folder, NULL) == 0);
    return 0;
}
