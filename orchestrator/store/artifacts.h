/* SPDX-License-Identifier: Apache-2.0 */
/* The artifact that a build ends with. */
#ifndef REBAKE_STORE_ARTIFACTS_H
#define REBAKE_STORE_ARTIFACTS_H

#include "rebake/store/builds.h"

/* Adds the artifact that the end of a build of the image names, or finds the one that an unchanged
   build is tied to. 0 when the end names none. */
RB_NODISCARD int artifact_of_build(struct rb_store *store, int64_t image_id,
                                   const struct rb_build_end *end, int64_t *ret_id,
                                   struct rb_err *err);

#endif
