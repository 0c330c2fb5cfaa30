/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings are interned as they come: most source names, versions and architectures were seen
 * before. The table holds places among the strings, in open addressing at most two thirds full. The
 * strings of an earlier index are not put into it: few new ones are the same, and to find these
 * would cost a look at all.
 */
#include "rebake/inventory/index_strings.h"

#include <string.h>

#include "rebake/base/memory.h"

enum { FIRST_SLOTS = 1 << 10 };

struct rb_index_slot {
    uint32_t hash;
    uint32_t place; /* 0: free, since "" is never looked up */
};

/* FNV-1a: short keys, and nobody gains by making them collide but the signer of the repository. */
static uint32_t hash_of(const char *text, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * 16777619u;
    return hash;
}

static void put_slot(struct rb_index_slot *slots, size_t count, struct rb_index_slot slot)
{
    size_t at = slot.hash & (count - 1);
    while (slots[at].place != 0)
        at = (at + 1) & (count - 1);
    slots[at] = slot;
}

static void grow_slots(struct rb_index_strings *strings)
{
    size_t count = strings->slot_count == 0 ? FIRST_SLOTS : strings->slot_count * 2;
    struct rb_index_slot *slots = rb_calloc(count, sizeof(slots[0]));
    for (size_t i = 0; i < strings->slot_count; i++) {
        if (strings->slots[i].place != 0)
            put_slot(slots, count, strings->slots[i]);
    }
    rb_free(strings->slots);
    strings->slots = slots;
    strings->slot_count = count;
}

void rb_index_strings_init(struct rb_index_strings *strings, const char *known, size_t known_size)
{
    *strings = (struct rb_index_strings){
        .known = known,
        .known_size = known == NULL ? 0 : (uint32_t)known_size,
    };
    strings->own = RB_STRBUF_INIT(RB_INDEX_STRINGS_MAX - strings->known_size);
    if (known == NULL)
        rb_strbuf_putc(&strings->own, '\0');
    grow_slots(strings);
}

void rb_index_strings_deinit(struct rb_index_strings *strings)
{
    rb_strbuf_deinit(&strings->own);
    rb_free(rb_steal(&strings->slots));
}

uint32_t rb_index_strings_put(struct rb_index_strings *strings, const char *text, size_t size)
{
    if (size == 0)
        return 0;
    uint32_t hash = hash_of(text, size);
    size_t at = hash & (strings->slot_count - 1);
    for (; strings->slots[at].place != 0; at = (at + 1) & (strings->slot_count - 1)) {
        const char *put = rb_index_strings_at(strings, strings->slots[at].place);
        if (strings->slots[at].hash == hash && strncmp(put, text, size) == 0 && put[size] == '\0')
            return strings->slots[at].place;
    }
    uint32_t place = (uint32_t)rb_index_strings_size(strings);
    rb_strbuf_append(&strings->own, text, size);
    rb_strbuf_putc(&strings->own, '\0');
    strings->slots[at] = (struct rb_index_slot){.hash = hash, .place = place};
    if (++strings->slots_used > strings->slot_count / 3 * 2)
        grow_slots(strings);
    return place;
}

const char *rb_index_strings_at(const struct rb_index_strings *strings, uint32_t place)
{
    return place < strings->known_size ? strings->known + place
                                       : strings->own.data + (place - strings->known_size);
}

size_t rb_index_strings_size(const struct rb_index_strings *strings)
{
    return strings->known_size + strings->own.size;
}
