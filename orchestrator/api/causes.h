/* SPDX-License-Identifier: Apache-2.0 */
/* Why an image was built, or waits to be: the reasons that a source's version has brought, of the
   image itself, its base, and its base's base. */
#ifndef ORCHESTRATOR_API_CAUSES_H
#define ORCHESTRATOR_API_CAUSES_H

#include "rebake/store/builds.h"
#include "request.h"

struct api_cause {
    const char *package; /* NULL: it is a base or code that brings packages along */
    const char *to;
    int64_t version_id;
};

struct api_causes {
    const struct api_request *request; /* in whose arena all of it lives */
    struct rb_image_row *images;       /* read once they are needed; NULL before */
    size_t image_count;
    const struct rb_image_row *awaited; /* the last that was found: many may wait for one */
    struct api_cause *all;              /* set count to 0 to begin anew */
    size_t count;
    size_t capacity;
};

void api_causes_begin(struct api_causes *causes, const struct api_request *request);

/* Adds those of all builds of the image that came after one artifact, up to another (INT64_MAX: to
   the newest). */
RB_NODISCARD int api_causes_collect(struct api_causes *causes, int64_t image_id, int64_t after_id,
                                    int64_t up_to_id, struct rb_err *err);

/* Adds those for which the image, or the base that it waits for, is to be built. */
RB_NODISCARD int api_causes_add_waiting(struct api_causes *causes, const struct rb_image_row *image,
                                        struct rb_err *err);

/* What names the package in that version; NULL: nothing does. */
const struct api_cause *api_cause_naming(const struct api_causes *causes, const char *package,
                                         const char *version);

/* That, or else what may have brought it along; NULL: nothing. */
const struct api_cause *api_cause_of(const struct api_causes *causes, const char *package,
                                     const char *version);

#endif
