/* SPDX-License-Identifier: Apache-2.0 */
/* What inventories hold, as rows that can be asked for by a package. */
#ifndef ORCHESTRATOR_STORE_PACKAGES_H
#define ORCHESTRATOR_STORE_PACKAGES_H

#include "rebake/base/json.h"
#include "rebake/store/packages.h"

/* Notes what an inventory (an object as rb_inventory_to_json makes it) holds. */
RB_NODISCARD int packages_of_inventory(struct rb_store *store, int64_t inventory_id,
                                       const json_t *inventory, struct rb_err *err);

#endif
