/* SPDX-License-Identifier: Apache-2.0 */
/* Where the members of a tar file that is not compressed stand in it: images are saved as one, with
   their layers as members, each to be read as often as needed without a copy. */
#ifndef ORCHESTRATOR_INVENTORY_TAR_INDEX_H
#define ORCHESTRATOR_INVENTORY_TAR_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/err.h"

struct tar_index;

struct tar_member {
    const char *name;   /* without a leading "./" or '/' */
    const char *target; /* of a link, as it is written; else NULL */
    bool is_hard_link;
    uint64_t offset; /* of its content in the tar file */
    uint64_t size;
};

/* RB_EINVALID for what is no such tar file, RB_ELIMIT for one with more members than a saved image
   has. */
RB_NODISCARD int tar_index_open(const char *path, struct tar_index **ret_index, struct rb_err *err);
void tar_index_free(struct tar_index *index); /* NULL is allowed */
const char *tar_index_path(const struct tar_index *index);

/* The file of that name, a link followed; NULL when there is none. */
const struct tar_member *tar_index_find(const struct tar_index *index, const char *name);

#endif
