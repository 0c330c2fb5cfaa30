/* SPDX-License-Identifier: Apache-2.0 */
/* The objects of the API, as docs/reference/api.md gives their shapes. The caller drops the
   references. */
#ifndef REBAKE_API_SHAPES_H
#define REBAKE_API_SHAPES_H

#include "rebake/store/builds.h"
#include "rebake/store/deployments.h"
#include "rebake/store/events.h"
#include "rebake/store/sources.h"
#include "request.h"

json_t *api_source_json(const struct api_request *request, const struct rb_source_row *row);
/* Adds "sources": all, and those that a pipeline names and that cannot be relied on now. */
RB_NODISCARD int api_add_sources(const struct api_request *request, json_t *into,
                                 struct rb_err *err);
RB_NODISCARD int api_add_blind(const struct api_request *request, const char *pipeline,
                               json_t *into, struct rb_err *err);
RB_NODISCARD int api_image_json(const struct api_request *request, const struct rb_image_row *row,
                                json_t **ret_json, struct rb_err *err);
RB_NODISCARD int api_build_json(const struct api_request *request, const struct rb_build_row *row,
                                json_t **ret_json, struct rb_err *err);
/* drift: what is open of any deployment. */
RB_NODISCARD int api_deployment_json(const struct api_request *request,
                                     const struct rb_deployment_row *row,
                                     const struct rb_drift_row *drift, size_t drift_count,
                                     json_t **ret_json, struct rb_err *err);
json_t *api_artifact_json(const struct rb_artifact_row *row);
json_t *api_rollout_json(const struct api_request *request, const struct rb_rollout_row *row);
json_t *api_event_json(const struct rb_event *event);

/* Text that the store holds as JSON. null for NULL, and for what cannot be read: one bad row does
   not take the whole reply away. */
json_t *api_stored_json(const char *text);

#endif
