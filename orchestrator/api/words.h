/* SPDX-License-Identifier: Apache-2.0 */
/* What people have said and is in force. */
#ifndef ORCHESTRATOR_API_WORDS_H
#define ORCHESTRATOR_API_WORDS_H

#include "rebake/store/builds.h"
#include "request.h"

/* Adds "pauses", "paused", "pins", "approvals" and "requests". */
RB_NODISCARD int api_add_words(const struct api_request *request, json_t *into, struct rb_err *err);
/* Adds "pins": those that an image's inputs may be subject to; of NULL, all. */
RB_NODISCARD int api_add_pins_of(const struct api_request *request,
                                 const struct rb_image_row *image, json_t *into,
                                 struct rb_err *err);

#endif
