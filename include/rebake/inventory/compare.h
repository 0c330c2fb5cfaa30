/* SPDX-License-Identifier: Apache-2.0 */
/* What is different between two inventories. Pure. */
#ifndef REBAKE_INVENTORY_COMPARE_H
#define REBAKE_INVENTORY_COMPARE_H

#include "rebake/inventory/package.h"

/* Packages of the same type, name and architecture; borrowed from their inventories. */
struct rb_package_change {
    const struct rb_package *before; /* NULL: it was added */
    const struct rb_package *after;  /* NULL: it was removed */
};

/* Fills *ret_changes with what is not the same, in the order of inventories; both have to be
   sorted. Where a package is there in several versions, those that only one side has are paired
   from the oldest text on. A file that moved is no change. The list is in the arena. */
size_t rb_inventory_compare(const struct rb_inventory *before, const struct rb_inventory *after,
                            struct rb_arena *arena, struct rb_package_change **ret_changes);

#endif
