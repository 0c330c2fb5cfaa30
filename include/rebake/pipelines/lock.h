/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock: every input of one build, resolved. Same lock, same inputs. Kept with the build as
 * JSON: { "recipe": HEX, "builder": "buildah", "base": { "reference": "registry/name", "digest":
 * "sha256:…" }, "code": { "url": …, "branch" or "tag": …, "commit": HEX, "path": ".", "tree": HEX,
 *     "trees": { PATH: HEX or null } where the source has paths },
 *     "repositories": [ { "name", "kind": "apt", "url", "suite", "components": [], "signed-by",
 *     "release": HEX } or { "name", "kind": "rpm", "apk", …, "source": {…}, "release": HEX } ] }
 */
#ifndef REBAKE_PIPELINES_LOCK_H
#define REBAKE_PIPELINES_LOCK_H

#include <stddef.h>

#include "rebake/base/digest.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/pipeline.h"

struct rb_lock_inputs {
    const char *base_reference; /* registry/name */
    const char *base_digest;
    const char *commit;
    const char *tag;                   /* of a source of tags, else NULL */
    const char *tree;                  /* object id of the tree at the context's path */
    const json_t *trees;               /* of all paths that are known: object id or null */
    const char *const *release_hashes; /* one for each of image->packages, in their order */
};

/* The lock of image with these inputs; the caller drops the reference. */
json_t *rb_lock_make(const struct rb_image *image, const struct rb_lock_inputs *inputs);

/* What stands for an image's code in its key: the tree at the context's path; where its source has
   paths, a hash of what stands at those that count. NULL where a tree that it needs is not known.
   Into hex, of RB_SHA256_HEX_SIZE bytes. */
const char *rb_lock_code_key(const struct rb_image *image, const json_t *trees, char *hex);
/* The same from the lock of an earlier build. */
const char *rb_lock_built_code_key(const json_t *lock, char *hex);

/* sha256 of the lock's canonical text. hex holds RB_SHA256_HEX_SIZE bytes; returns hex. */
char *rb_lock_hash(const json_t *lock, char *hex);

#endif
