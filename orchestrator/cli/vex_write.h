/* SPDX-License-Identifier: Apache-2.0 */
/* An answer about exposure (docs/reference/exposure.md) as a VEX document for others. */
#ifndef ORCHESTRATOR_CLI_VEX_WRITE_H
#define ORCHESTRATOR_CLI_VEX_WRITE_H

#include "rebake/base/json.h"

/* OpenVEX 0.2.0 (openvex/spec, OPENVEX-SPEC.md): a statement a finding, its products the images
   that hold the package. The caller drops the reference. */
json_t *rb_vex_to_openvex(const json_t *answer);

/* CycloneDX 1.6 with vulnerabilities, of the newest artifact of an answer about one image. The
   caller drops the reference. */
json_t *rb_vex_to_cyclonedx(const json_t *answer);

#endif
