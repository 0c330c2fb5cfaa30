/* SPDX-License-Identifier: Apache-2.0 */
/* What people call things: "shop/app", "app" where that is clear, "shop/production". */
#ifndef REBAKE_API_NAMES_H
#define REBAKE_API_NAMES_H

#include "rebake/store/builds.h"
#include "rebake/store/deployments.h"
#include "request.h"

/* Finds a current image. RB_ENOTFOUND with a guess of what was meant; RB_EINVALID with the
   candidates when several pipelines have it. Rows live in the request's arena. */
RB_NODISCARD int api_find_image(const struct api_request *request, const char *name,
                                struct rb_image_row *ret_row, struct rb_err *err);

struct api_named {
    const char *name; /* in full */
    struct rb_image_row image;
    bool is_deployment; /* then image is its image */
    struct rb_deployment_row deployment;
};

/* Finds an image or a deployment; the image where both have the name. */
RB_NODISCARD int api_find_named(const struct api_request *request, const char *name,
                                struct api_named *ret_named, struct rb_err *err);

/* The pipeline's image of that name among the rows, or NULL. */
const struct rb_image_row *api_image_named(const struct rb_image_row *images, size_t count,
                                           const char *pipeline, const char *name);

/* Of "blog/site, shop/code", is one shop's? */
bool api_is_named_by(const char *names, const char *pipeline);

/* "shop/app". Lives in the request's arena. */
const char *api_full_name(const struct api_request *request, const char *pipeline,
                          const char *name);

#endif
