/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of exposures when their image goes. */
#ifndef REBAKE_STORE_EXPOSURES_PARTS_H
#define REBAKE_STORE_EXPOSURES_PARTS_H

#include "rebake/store/exposures.h"

/* Closes all of a retired image's: what had a deadline is told as sla.closed, since nothing was
   mended. */
RB_NODISCARD int exposures_close(struct rb_store *store, int64_t image_id, struct rb_err *err);

#endif
