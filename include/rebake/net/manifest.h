/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Manifests and indexes as registries serve them and OCI layouts keep them (image-spec v1.1
 * manifest.md, image-index.md; Docker image manifest v2 schema 2). Pure: the bytes were read, and
 * checked against their digest, by others.
 */
#ifndef REBAKE_NET_MANIFEST_H
#define REBAKE_NET_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/digest.h"
#include "rebake/base/json.h"

struct rb_platform {
    const char *os;           /* "linux" */
    const char *architecture; /* "amd64", Go's names */
    const char *variant;      /* or NULL */
};

/* The platform of this machine. */
struct rb_platform rb_platform_here(void);

/* What points to a blob or a manifest. */
struct rb_descriptor {
    char digest[RB_DIGEST_SIZE];
    int64_t size_bytes;
    const char *media_type; /* "" if none; borrowed from the JSON */
};

/* Reads a descriptor; what names it in errors. */
RB_NODISCARD int rb_descriptor_read(const json_t *json, const char *what,
                                    struct rb_descriptor *ret_descriptor, struct rb_err *err);

/* Is the document an index, or the manifest of one image? By its own mediaType, or else by
   content_type (may be NULL), or else by its members. RB_EINVALID for what is neither, is both, or
   is of the obsolete schema 1. */
RB_NODISCARD int rb_manifest_is_index(const json_t *document, const char *content_type,
                                      const char *what, bool *ret_is_index, struct rb_err *err);

/* The index's entry for the platform; attestations are skipped. RB_ENOTFOUND names the platforms
   that there are. */
RB_NODISCARD int rb_index_choose(const json_t *index, const struct rb_platform *platform,
                                 const char *what, struct rb_descriptor *ret_descriptor,
                                 struct rb_err *err);

#endif
