/* SPDX-License-Identifier: Apache-2.0 */
/* An earlier index, asked for the stanzas and files that it was made of. */
#ifndef ORCHESTRATOR_INVENTORY_INDEX_KNOWN_H
#define ORCHESTRATOR_INVENTORY_INDEX_KNOWN_H

#include <stdbool.h>

#include "index_format.h"

struct rb_index_known {
    const struct rb_index *index; /* NULL: none */
    const struct rb_index_file *files;
    size_t file_count;
    const struct rb_index_stanza *stanzas;
    size_t stanza_count;
    size_t cursor;   /* of the stanza that is expected next */
    uint32_t *slots; /* stanzas by their hashes, plus one; NULL until one was not as expected */
    size_t slot_count;
};

/* Takes an index (NULL: none) whose origin can be relied on; of one that is damaged nothing. */
void rb_index_known_init(struct rb_index_known *known, const struct rb_index *index);
void rb_index_known_deinit(struct rb_index_known *known);

/* The file of that key, or NULL. */
const struct rb_index_file *rb_index_known_file(const struct rb_index_known *known,
                                                const char *key);
/* The file with that number begins: its first stanza is expected. */
void rb_index_known_begin_file(struct rb_index_known *known, size_t number);

/* The stanza that is expected next, if it stands at the beginning of data; or NULL. Needs no
   look for its end. */
const struct rb_index_stanza *rb_index_known_next(struct rb_index_known *known, const char *data,
                                                  size_t size);
/* Any stanza that is exactly this, with the empty line behind it; or NULL. */
const struct rb_index_stanza *rb_index_known_find(struct rb_index_known *known, const char *data,
                                                  size_t size);

/* Fills in hash and size. */
void rb_index_stanza_hash(struct rb_index_stanza *stanza, const char *data, size_t size);

#endif
