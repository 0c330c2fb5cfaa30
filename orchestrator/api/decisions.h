/* SPDX-License-Identifier: Apache-2.0 */
/* What policy decided, as docs/reference/api.md shows it. */
#ifndef REBAKE_API_DECISIONS_H
#define REBAKE_API_DECISIONS_H

#include "rebake/store/decisions.h"
#include "request.h"

json_t *api_decision_json(const struct rb_decision_row *row);
/* Sets "decision": the one with that id, or null where it is 0. */
RB_NODISCARD int api_add_decision(const struct api_request *request, int64_t decision_id,
                                  json_t *into, struct rb_err *err);
/* Sets "decision": the newest of an image or, where it is not 0, of a deployment; or null. */
RB_NODISCARD int api_add_last_decision(const struct api_request *request, int64_t image_id,
                                       int64_t deployment_id, json_t *into, struct rb_err *err);

#endif
