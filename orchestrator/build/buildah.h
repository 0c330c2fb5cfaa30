/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of buildah(1), 1.28 or later. All of it blocks, with output in the job's log. */
#ifndef REBAKE_BUILD_BUILDAH_H
#define REBAKE_BUILD_BUILDAH_H

#include <stdbool.h>

#include "rebake/job/job.h"

enum { BUILDAH_ID_SIZE = 65 }; /* 64 hexadecimal digits and the NUL */

/* reference: registry/name@sha256:…; nothing is asked of the registry if it is here already. */
RB_NODISCARD int buildah_pull(struct rb_job *job, const char *reference, struct rb_err *err);

struct buildah_build {
    const char *name;          /* a local name for it, of this job alone */
    const char *recipe;        /* path of the pinned Containerfile */
    const char *context;       /* folder */
    const char *extra_context; /* "NAME=FOLDER", or NULL */
    const json_t *arguments;   /* object of text, or NULL */
    bool layers;      /* one a step; false for a base without a history, which that needs */
    bool layer_cache; /* only with layers */
};

/* id holds BUILDAH_ID_SIZE bytes. Images are only taken from what was pulled. */
RB_NODISCARD int buildah_build(struct rb_job *job, const struct buildah_build *build, char *id,
                               struct rb_err *err);

struct buildah_image {
    json_t *diff_ids; /* of its layers, from the bottom up */
    bool has_history; /* which tells of each layer */
};
void buildah_image_deinit(struct buildah_image *image); /* usable with RB_CLEANUP */

/* A local image, by id or reference. */
RB_NODISCARD int buildah_look(struct rb_job *job, const char *image,
                              struct buildah_image *ret_image, struct rb_err *err);

/* The reference that a local image says it was built upon, or NULL; the caller frees it. */
RB_NODISCARD int buildah_base_of(struct rb_job *job, const char *image, char **ret_reference,
                                 struct rb_err *err);

/* destination: registry/name:tag. digest holds RB_DIGEST_SIZE bytes: of the manifest pushed. */
RB_NODISCARD int buildah_push(struct rb_job *job, const char *id, const char *destination,
                              char *digest, struct rb_err *err);

/* The id of the local image called name, "" when there is none. */
RB_NODISCARD int buildah_find(struct rb_job *job, const char *name, char *id, struct rb_err *err);
RB_NODISCARD int buildah_tag(struct rb_job *job, const char *id, const char *name,
                             struct rb_err *err);

#endif
