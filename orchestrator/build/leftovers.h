/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a build leaves in the machine's container storage, which all jobs share:
 * - working containers: removed with the job, those of jobs that were killed with the next job;
 * - the images of each step, which are the layer cache: one build's are kept for each image, under
 * a local name; those of the build before go, and those of a build that failed;
 * - bases: one that no kept build stands on any more goes.
 * Nothing is removed that another container or image needs.
 */
#ifndef REBAKE_BUILD_LEFTOVERS_H
#define REBAKE_BUILD_LEFTOVERS_H

#include "rebake/job/job.h"

/* The name of a job's image while nothing else holds it; the caller frees it. */
char *leftovers_name(const struct rb_job *job);

/* Before a build: notes what is there, so that what is there later can be told to be the build's.
 */
RB_NODISCARD int leftovers_note(struct rb_job *job, struct rb_err *err);

/* After a good build of the image `id` from `base` (registry/name@digest): keeps its images as the
   layer cache of the image called name, in the place of those of the build before. */
RB_NODISCARD int leftovers_keep(struct rb_job *job, const char *name, const char *id,
                                const char *base, struct rb_err *err);

/* At the end, on every path. Tells the log what could not be removed. */
void leftovers_remove(struct rb_job *job);

#endif
