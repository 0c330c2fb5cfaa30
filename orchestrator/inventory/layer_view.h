/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layers of an image seen as one root file system, as a runtime would mount them, for the paths
 * that are wanted. A link may lead to a path that nobody thought of when the layers were read: it
 * is then added to what is wanted, and the layers must be read once more.
 */
#ifndef ORCHESTRATOR_INVENTORY_LAYER_VIEW_H
#define ORCHESTRATOR_INVENTORY_LAYER_VIEW_H

#include "layer.h"

struct layer_view {
    struct rb_arena *arena;
    const struct layer *layers; /* the top first */
    size_t count;
    struct wanted *wanted;
    bool incomplete; /* something was added to wanted */
};

/* Looks up all that is wanted and sets incomplete where a further reading is needed. */
void layer_view_settle(struct layer_view *view);

/* The view as a tree; context is the view. */
struct file_tree layer_view_tree(struct layer_view *view);

#endif
