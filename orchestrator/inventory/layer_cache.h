/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a layer had that was of interest, kept by the layer's digest: one that was read before is
 * not read again, and an image costs what its own layers do. Derived data, told by a checksum:
 * lost, damaged or of another format, the layer is read. Files that nobody used for a week are
 * removed.
 */
#ifndef ORCHESTRATOR_INVENTORY_LAYER_CACHE_H
#define ORCHESTRATOR_INVENTORY_LAYER_CACHE_H

#include "layer.h"

struct layer_cache {
    const char *folder; /* made where it is absent; NULL: nothing is kept */
};

/* True if the layer of that digest is known by what is wanted of it, and has filled both; finds
   NULL: not asked for. Contents live in arena. */
bool layer_cache_load(const struct layer_cache *cache, const char *digest,
                      const struct wanted *wanted, struct rb_arena *arena, struct layer *ret_layer,
                      struct finds *finds);

/* Keeps what was read. A failure costs time later, nothing else: it is logged. */
void layer_cache_store(const struct layer_cache *cache, const char *digest,
                       const struct wanted *wanted, const struct layer *layer,
                       const struct finds *finds);

#endif
