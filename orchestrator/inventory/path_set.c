/* SPDX-License-Identifier: Apache-2.0 */
#include "path_set.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"

uint64_t path_hash_more(uint64_t hash, const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t path_hash(const char *path)
{
    return path_hash_more(PATH_HASH_BEGIN, path, strlen(path));
}

void path_set_add(struct path_set *set, uint64_t hash)
{
    if (set->count == set->capacity) {
        set->capacity = set->capacity * 2 + 64;
        set->hashes = rb_reallocarray(set->hashes, set->capacity, sizeof(*set->hashes));
    }
    set->hashes[set->count++] = hash;
}

static int compare_hashes(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

void path_set_sort(struct path_set *set)
{
    if (set->count > 0)
        qsort(set->hashes, set->count, sizeof(*set->hashes), compare_hashes);
}

bool path_set_has(const struct path_set *set, uint64_t hash)
{
    return set->count > 0 &&
           bsearch(&hash, set->hashes, set->count, sizeof(*set->hashes), compare_hashes) != NULL;
}

void path_set_deinit(struct path_set *set)
{
    rb_free(set->hashes);
    *set = (struct path_set){0};
}
