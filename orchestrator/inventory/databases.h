/* SPDX-License-Identifier: Apache-2.0 */
/* The databases of package managers that may stand in a root file system. All that are there are
   read: an image may have several. */
#ifndef ORCHESTRATOR_INVENTORY_DATABASES_H
#define ORCHESTRATOR_INVENTORY_DATABASES_H

#include "file_tree.h"
#include "layer.h"
#include "path_set.h"
#include "rebake/inventory/package.h"

/* What databases tell. */
struct contents {
    struct rb_inventory *inventory;
    struct path_set *owned; /* files of the packages in it */
};

void databases_want(struct wanted *wanted);
RB_NODISCARD int databases_read(const struct file_tree *tree, struct contents *contents,
                                struct rb_err *err);

#endif
