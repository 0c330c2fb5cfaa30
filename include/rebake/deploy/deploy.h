/* SPDX-License-Identifier: Apache-2.0 */
/* The jobs at a target: "deploy" brings the wanted digest up and waits for its health, "observe"
   tells how what runs differs from what was deployed. Spec and result: docs/reference/job.md. */
#ifndef REBAKE_DEPLOY_DEPLOY_H
#define REBAKE_DEPLOY_DEPLOY_H

#include "rebake/job/job.h"
#include "rebake/pipelines/pipeline.h"

extern const struct rb_job_kind rb_deploy_job;  /* "deploy" */
extern const struct rb_job_kind rb_observe_job; /* "observe" */

/* The target's definition as the job's spec carries it; the caller drops the reference. */
json_t *rb_deploy_target_spec(const struct rb_deployment *deployment);

#endif
