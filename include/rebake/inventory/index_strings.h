/* SPDX-License-Identifier: Apache-2.0 */
/* The strings of a compiled file that is being made: those of an earlier one, where they lie, and
   behind them new ones, each once. */
#ifndef REBAKE_INVENTORY_INDEX_STRINGS_H
#define REBAKE_INVENTORY_INDEX_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include "rebake/base/strbuf.h"

enum { RB_INDEX_STRINGS_MAX = 1 << 30 }; /* bytes; a place among them fits in 32 bits */

struct rb_index_slot;

struct rb_index_strings {
    const char *known; /* borrowed; places below known_size are in it */
    uint32_t known_size;
    struct rb_strbuf own;
    struct rb_index_slot *slots; /* of what is in own */
    size_t slot_count;           /* a power of two */
    size_t slots_used;
};

/* known: strings as they stand in an index, of which the first is ""; NULL for none. */
void rb_index_strings_init(struct rb_index_strings *strings, const char *known, size_t known_size);
void rb_index_strings_deinit(struct rb_index_strings *strings); /* usable with RB_CLEANUP */

/* The place of a text among the strings. Whether there are too many says own.overflowed. */
uint32_t rb_index_strings_put(struct rb_index_strings *strings, const char *text, size_t size);
const char *rb_index_strings_at(const struct rb_index_strings *strings, uint32_t place);
size_t rb_index_strings_size(const struct rb_index_strings *strings);

#endif
