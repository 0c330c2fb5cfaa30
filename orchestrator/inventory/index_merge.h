/* SPDX-License-Identifier: Apache-2.0 */
/* The offers of an index in their order: of the earlier index those that are still there, which are
   sorted already, and among them the new ones. */
#ifndef ORCHESTRATOR_INVENTORY_INDEX_MERGE_H
#define ORCHESTRATOR_INVENTORY_INDEX_MERGE_H

#include <stdbool.h>

#include "index_format.h"
#include "rebake/inventory/index_strings.h"
#include "rebake/inventory/version.h"

struct rb_index_merge {
    const struct rb_version_order *order;
    const struct rb_index_strings *strings;
    const struct rb_index_record *known;
    const bool *is_kept; /* of each known one */
    size_t known_count;
    const struct rb_index_record *added;
    size_t added_count;

    /* The result; the caller frees all three. */
    struct rb_index_record *records; /* each offer once */
    size_t count;
    uint32_t *known_places; /* where each known or added one has gone */
    uint32_t *added_places;
};

void rb_index_merge(struct rb_index_merge *merge);

#endif
