/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A repository's next state is mostly its last one, in the same order. So the stanza that stood
 * next is tried first: its size says where it would end, and the hash of so many bytes whether it
 * is there. Only where it is not are the others looked through, by a table that is made then.
 */
#include "index_known.h"

#include <lzma.h>
#include <string.h>
#include <zlib.h>

#include "rebake/base/memory.h"

void rb_index_stanza_hash(struct rb_index_stanza *stanza, const char *data, size_t size)
{
    uint64_t hash = lzma_crc64((const uint8_t *)data, size, 0);
    stanza->hash[0] = (uint32_t)hash;
    stanza->hash[1] = (uint32_t)(hash >> 32);
    stanza->size = (uint32_t)size;
}

static bool is_same(const struct rb_index_stanza *a, const struct rb_index_stanza *b)
{
    return a->size == b->size && a->hash[0] == b->hash[0] && a->hash[1] == b->hash[1];
}

static bool files_are_within(const struct rb_index_known *known)
{
    for (size_t i = 0; i < known->file_count; i++) {
        const struct rb_index_file *file = &known->files[i];
        if (file->first > known->stanza_count || file->count > known->stanza_count - file->first)
            return false;
    }
    return true;
}

static bool is_sound(const struct rb_index_known *known)
{
    const struct rb_index *index = known->index;
    const struct rb_index_header *header = index->map;
    const struct rb_index_origin *origin = index->origin;
    if (header->origin_size < sizeof(*origin) || header->strings_size % 4 != 0 ||
        index->strings[0] != '\0' ||
        crc32_z(0, (const void *)origin, header->origin_size) != header->origin_checksum)
        return false;
    size_t size = sizeof(*origin) + (size_t)origin->file_count * sizeof(struct rb_index_file) +
                  (size_t)origin->stanza_count * sizeof(struct rb_index_stanza);
    return size == header->origin_size;
}

void rb_index_known_init(struct rb_index_known *known, const struct rb_index *index)
{
    *known = (struct rb_index_known){.index = index};
    if (index == NULL)
        return;
    bool sound = is_sound(known);
    if (sound) {
        known->file_count = index->origin->file_count;
        known->stanza_count = index->origin->stanza_count;
        known->files = (const void *)(index->origin + 1);
        known->stanzas = (const void *)(known->files + known->file_count);
        sound = files_are_within(known);
    }
    for (size_t i = 0; sound && i < known->stanza_count; i++)
        sound = known->stanzas[i].record < index->count;
    if (!sound)
        *known = (struct rb_index_known){0};
}

void rb_index_known_deinit(struct rb_index_known *known)
{
    rb_free(rb_steal(&known->slots));
}

const struct rb_index_file *rb_index_known_file(const struct rb_index_known *known, const char *key)
{
    for (size_t i = 0; i < known->file_count; i++) {
        if (memcmp(known->files[i].key, key, RB_INDEX_KEY_SIZE) == 0)
            return &known->files[i];
    }
    return NULL;
}

void rb_index_known_begin_file(struct rb_index_known *known, size_t number)
{
    if (number < known->file_count)
        known->cursor = known->files[number].first;
}

const struct rb_index_stanza *rb_index_known_next(struct rb_index_known *known, const char *data,
                                                  size_t size)
{
    if (known->cursor >= known->stanza_count)
        return NULL;
    const struct rb_index_stanza *expected = &known->stanzas[known->cursor];
    struct rb_index_stanza found;
    if (expected->size == 0 || expected->size > size)
        return NULL;
    rb_index_stanza_hash(&found, data, expected->size);
    if (!is_same(&found, expected))
        return NULL;
    known->cursor++;
    return expected;
}

static void make_slots(struct rb_index_known *known)
{
    known->slot_count = 64;
    while (known->slot_count < known->stanza_count * 2)
        known->slot_count *= 2;
    known->slots = rb_calloc(known->slot_count, sizeof(known->slots[0]));
    for (size_t i = 0; i < known->stanza_count; i++) {
        size_t at = known->stanzas[i].hash[0] & (known->slot_count - 1);
        if (known->stanzas[i].size == 0)
            continue;
        while (known->slots[at] != 0)
            at = (at + 1) & (known->slot_count - 1);
        known->slots[at] = (uint32_t)i + 1;
    }
}

const struct rb_index_stanza *rb_index_known_find(struct rb_index_known *known, const char *data,
                                                  size_t size)
{
    struct rb_index_stanza wanted;
    if (known->stanza_count == 0)
        return NULL;
    if (known->slots == NULL)
        make_slots(known);
    rb_index_stanza_hash(&wanted, data, size);
    size_t at = wanted.hash[0] & (known->slot_count - 1);
    for (; known->slots[at] != 0; at = (at + 1) & (known->slot_count - 1)) {
        const struct rb_index_stanza *stanza = &known->stanzas[known->slots[at] - 1];
        if (!is_same(stanza, &wanted))
            continue;
        known->cursor = known->slots[at];
        return stanza;
    }
    return NULL;
}
