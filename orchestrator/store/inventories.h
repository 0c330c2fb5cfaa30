/* SPDX-License-Identifier: Apache-2.0 */
/* What is inside artifacts, kept by the hash of its content. */
#ifndef REBAKE_STORE_INVENTORIES_H
#define REBAKE_STORE_INVENTORIES_H

#include "rebake/base/json.h"
#include "rebake/store/store.h"

/* Finds the inventory, or adds it. */
RB_NODISCARD int inventory_put(struct rb_store *store, const json_t *inventory, int64_t *ret_id,
                               struct rb_err *err);

/* Notes the packages of inventories that were kept before packages were. */
RB_NODISCARD int inventories_learn_packages(struct rb_store *store, struct rb_err *err);

#endif
