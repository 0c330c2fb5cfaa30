/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The package index: what a repository offers, as one compact file that is mapped, not loaded. Made
 * from a Packages file by one pass; sorted by name, so that a lookup is a binary search. It is
 * derived data: lost or of another format version, it is made again from upstream.
 */
#ifndef REBAKE_INVENTORY_INDEX_H
#define REBAKE_INVENTORY_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/inventory/package.h"
#include "rebake/inventory/version.h"

struct rb_offer {
    const char *name;
    const char *version;
    const char *architecture;
    const char *source_name;
    const char *source_version;
};

struct rb_index;

/* Collects offers: feed the bytes of Packages files (deb822 stanzas) in pieces of any size. */
struct rb_index_builder;
struct rb_index_builder *rb_index_builder_new(void); /* of Debian's versions */
/* Of another order's versions; its offers are added one by one. */
struct rb_index_builder *rb_index_builder_new_ordered(const struct rb_version_order *order);
/* One that does not read again what an earlier index holds. A stanza of the same bytes is told by
   its hash (CRC-64 and size: of two states of a repository, both signed by whom it must be), so
   that parsing, sorting and naming cost what has changed. known may be NULL, and outlives the
   builder. */
struct rb_index_builder *rb_index_builder_new_from(const struct rb_index *known);
void rb_index_builder_free(struct rb_index_builder *builder); /* NULL is allowed */
RB_NODISCARD int rb_index_builder_feed(struct rb_index_builder *builder, const void *data,
                                       size_t size, struct rb_err *err);
/* Before a Packages file: key, 64 characters that stand for its content, is how a later builder
   knows it again. True if the earlier index has it: then its offers are taken, and it is neither
   fed nor ended. */
bool rb_index_builder_take_file(struct rb_index_builder *builder, const char *key);
/* Ends one Packages file (the next may follow). what names it in errors. */
RB_NODISCARD int rb_index_builder_end_file(struct rb_index_builder *builder, const char *what,
                                           struct rb_err *err);
/* Adds one offer, all of whose texts are needed and copied. RB_EINVALID for a version that is none
   of the builder's order. */
RB_NODISCARD int rb_index_builder_add(struct rb_index_builder *builder,
                                      const struct rb_offer *offer, struct rb_err *err);
size_t rb_index_builder_count(const struct rb_index_builder *builder);
/* Writes the index, whole or not at all. */
RB_NODISCARD int rb_index_builder_write(struct rb_index_builder *builder, const char *path,
                                        struct rb_err *err);

/* Decompresses and feeds a downloaded Packages file, told by its magic (xz, gzip, zstd, bzip2,
   plain); maximum bounds the decompressed bytes, whose sha256 goes to hex (may be NULL). */
RB_NODISCARD int rb_index_builder_feed_compressed(struct rb_index_builder *builder,
                                                  const void *data, size_t size, uint64_t maximum,
                                                  char *hex, const char *what, struct rb_err *err);

RB_NODISCARD int rb_index_open(const char *path, struct rb_index **ret_index, struct rb_err *err);
void rb_index_close(struct rb_index *index); /* NULL is allowed */
size_t rb_index_count(const struct rb_index *index);
/* The offers of a name stand together: *ret_first .. *ret_first + return value - 1. */
size_t rb_index_find(const struct rb_index *index, const char *name, size_t *ret_first);
/* The same of a package, by the name that an index has for it: Python's are normalized there. */
size_t rb_index_find_package(const struct rb_index *index, const struct rb_package *package,
                             size_t *ret_first);
void rb_index_get(const struct rb_index *index, size_t position, struct rb_offer *ret_offer);

#endif
