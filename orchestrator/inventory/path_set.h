/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of paths, of which hashes of 64 bits are kept (FNV-1a): of all files of an image, so that
   they have to be small. Whoever makes two paths with one hash can as well rename a file. */
#ifndef ORCHESTRATOR_INVENTORY_PATH_SET_H
#define ORCHESTRATOR_INVENTORY_PATH_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct path_set {
    uint64_t *hashes;
    size_t count;
    size_t capacity;
};

#define PATH_HASH_BEGIN UINT64_C(0xcbf29ce484222325)

/* Goes on from the hash of what stands before; PATH_HASH_BEGIN at the beginning. */
uint64_t path_hash_more(uint64_t hash, const char *text, size_t size);
uint64_t path_hash(const char *path);

void path_set_add(struct path_set *set, uint64_t hash);
/* To be called before the first question, and after more was added. */
void path_set_sort(struct path_set *set);
bool path_set_has(const struct path_set *set, uint64_t hash);
void path_set_deinit(struct path_set *set);

#endif
