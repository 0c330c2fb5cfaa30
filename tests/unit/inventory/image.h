/* SPDX-License-Identifier: Apache-2.0 */
/* Images made for tests: OCI layouts in a folder of their own, layer by layer, right or wrong. */
#ifndef REBAKE_TESTS_INVENTORY_IMAGE_H
#define REBAKE_TESTS_INVENTORY_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/digest.h"
#include "rebake/base/json.h"
#include "rebake/base/strbuf.h"

enum entry_kind { END, FILE_, FOLDER, SYMLINK, HARDLINK, FIFO };

struct entry {
    enum entry_kind kind;
    const char *path;
    const char *text; /* of a file; the target of a link */
};

enum packing { PLAIN, GZIP, ZSTD, XZ };

/* What is wrong with a layer. */
enum flaw {
    FLAWLESS,
    TRUNCATED,    /* its blob ends early (and its digest is that of what is there) */
    WRONG_DIGEST, /* its blob is another than its digest says */
    WRONG_DIFF_ID,
    TRAILING /* bytes behind what was compressed */
};

struct image {
    char *folder;
    json_t *layers;
    json_t *diff_ids;
    char manifest_digest[RB_DIGEST_SIZE]; /* of the last that was tagged */
};

struct image *image_new(void);
void image_free(struct image *image);
void image_cleanup(struct image **image);

/* The tar file of the entries (up to END), as pax. The caller deinits it. */
struct rb_strbuf tar_of(const struct entry *entries);
struct rb_strbuf pack(const struct rb_strbuf *plain, enum packing packing);

/* Adds a layer on top. */
void image_add(struct image *image, const struct entry *entries, enum packing packing,
               enum flaw flaw);
/* Adds a layer of bytes as they are. */
void image_add_blob(struct image *image, const void *data, size_t size, const char *diff_id);
/* Writes config, manifest and index; each call adds a tag (NULL: none) to the same layout. */
void image_tag(struct image *image, const char *tag);
/* Writes a blob and returns its descriptor. */
json_t *image_write_blob(struct image *image, const void *data, size_t size);
/* Writes the layout's index anew. */
void image_write_index(struct image *image, const char *text);

#endif
