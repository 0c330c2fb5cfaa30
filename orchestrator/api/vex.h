/* SPDX-License-Identifier: Apache-2.0 */
/* What operators' VEX documents say of findings: docs/reference/exposure.md. */
#ifndef ORCHESTRATOR_API_VEX_H
#define ORCHESTRATOR_API_VEX_H

#include "exposure.h"

/* Lets the newest statement about each finding count, in each artifact: a finding that differs from
   artifact to artifact becomes several. */
RB_NODISCARD int api_vex_apply(struct api_exposure *exposure, struct rb_err *err);

/* {"status","justification",…} or null. */
json_t *api_vex_json(const struct api_finding *found);

#endif
