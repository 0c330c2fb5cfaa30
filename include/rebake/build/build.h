/* SPDX-License-Identifier: Apache-2.0 */
/* The job that makes an image from a lock: checkout, base, build, push, scan. Spec and result:
   docs/reference/job.md. */
#ifndef REBAKE_BUILD_BUILD_H
#define REBAKE_BUILD_BUILD_H

#include "rebake/job/job.h"

extern const struct rb_job_kind rb_build_job; /* "build" */

#endif
