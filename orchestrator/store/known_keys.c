/* SPDX-License-Identifier: Apache-2.0 */
#include "known_keys.h"

#include "rebake/base/memory.h"

enum { SMALLEST = 1024 };

struct slot {
    uint64_t hash;
    int64_t id; /* 0: empty */
};

struct known_keys {
    struct slot *slots; /* open addressing; a power of two, at most half of them in use */
    size_t size;
    size_t used; /* those of rows that are gone included */
    int64_t oldest_id;
};

struct known_keys *known_keys_new(void)
{
    struct known_keys *keys = rb_zalloc(sizeof(*keys));
    keys->size = SMALLEST;
    keys->slots = rb_calloc(keys->size, sizeof(*keys->slots));
    return keys;
}

void known_keys_free(struct known_keys *keys)
{
    if (keys == NULL)
        return;
    rb_free(keys->slots);
    rb_free(keys);
}

static uint64_t mix(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    return (hash ^ 0xff) * 0x100000001b3U;
}

/* FNV-1a (Fowler, Noll, Vo), of 64 bits. */
uint64_t known_keys_hash(const char *hook, const char *key)
{
    return mix(mix(0xcbf29ce484222325U, hook), key);
}

/* The slot of the hash, or the empty one where it would go. */
static struct slot *find(const struct known_keys *keys, uint64_t hash)
{
    size_t at = (size_t)hash & (keys->size - 1);
    while (keys->slots[at].id != 0 && keys->slots[at].hash != hash)
        at = (at + 1) & (keys->size - 1);
    return &keys->slots[at];
}

/* Makes room: the rows that are gone first, and twice the size where that is not enough. */
static void make_room(struct known_keys *keys)
{
    struct known_keys old = *keys;
    size_t alive = 0;
    for (size_t i = 0; i < old.size; i++)
        alive += old.slots[i].id != 0 && old.slots[i].id >= old.oldest_id;
    if (alive * 4 > old.size)
        keys->size *= 2;
    keys->slots = rb_calloc(keys->size, sizeof(*keys->slots));
    keys->used = alive;
    for (size_t i = 0; i < old.size; i++) {
        if (old.slots[i].id != 0 && old.slots[i].id >= old.oldest_id)
            *find(keys, old.slots[i].hash) = old.slots[i];
    }
    rb_free(old.slots);
}

bool known_keys_has(const struct known_keys *keys, uint64_t hash)
{
    const struct slot *slot = find(keys, hash);
    return slot->id != 0 && slot->id >= keys->oldest_id;
}

void known_keys_add(struct known_keys *keys, uint64_t hash, int64_t id)
{
    struct slot *slot = find(keys, hash);
    keys->used += slot->id == 0;
    *slot = (struct slot){.hash = hash, .id = id};
    if (keys->used * 2 >= keys->size)
        make_room(keys);
}

void known_keys_forget(struct known_keys *keys, int64_t oldest_id)
{
    keys->oldest_id = oldest_id;
}
