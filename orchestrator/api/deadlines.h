/* SPDX-License-Identifier: Apache-2.0 */
/* Exposures that policy gave a deadline, in answers. */
#ifndef ORCHESTRATOR_API_DEADLINES_H
#define ORCHESTRATOR_API_DEADLINES_H

#include "request.h"

/* "sla": how all stand, and the earliest. */
RB_NODISCARD int api_add_sla(const struct api_request *request, json_t *into, struct rb_err *err);
/* "deadlines": the image's earliest. */
RB_NODISCARD int api_add_deadlines(const struct api_request *request, int64_t image_id,
                                   json_t *into, struct rb_err *err);

#endif
