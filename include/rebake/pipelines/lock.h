/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lock: every input of one build, resolved. Same lock, same inputs. Kept with the build as
 * JSON: { "recipe": HEX, "builder": "buildah", "base": { "reference": "registry/name", "digest":
 * "sha256:…" }, "code": { "url": …, "branch": …, "commit": HEX, "path": ".", "tree": HEX },
 *     "repositories": [ { "name", "url", "suite", "components": [], "signed-by", "release": HEX } ]
 * }
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
    const char *tree;                  /* object id of the tree at the context's path */
    const char *const *release_hashes; /* one for each of image->packages, in their order */
};

/* The lock of image with these inputs; the caller drops the reference. */
json_t *rb_lock_make(const struct rb_image *image, const struct rb_lock_inputs *inputs);

/* sha256 of the lock's canonical text. hex holds RB_SHA256_HEX_SIZE bytes; returns hex. */
char *rb_lock_hash(const json_t *lock, char *hex);

#endif
