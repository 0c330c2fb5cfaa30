/* SPDX-License-Identifier: Apache-2.0 */
/* What the files about deployments share. */
#ifndef REBAKE_STORE_DEPLOYMENTS_PARTS_H
#define REBAKE_STORE_DEPLOYMENTS_PARTS_H

#include "query.h"

/* Sets the state and its cause; the time is noted when the state is another than before. */
RB_NODISCARD int deployment_set_state(struct rb_store *store, int64_t deployment_id,
                                      const char *state, const char *cause, struct rb_err *err);

/* Resolves the open drift of a deployment but for the rows whose ids are in the JSON array; event
   drift.resolved when there was any. */
RB_NODISCARD int drift_resolve(struct rb_store *store, int64_t deployment_id, const json_t *except,
                               struct rb_err *err);

#endif
