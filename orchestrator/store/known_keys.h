/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which keys of deliveries were seen, as 64 bits of each: the store has one writer, so it can know
 * without asking the disk. Keys are hashes over secrets already: who could make two that meet here
 * has the secret. A key is known as long as its row's id is not below the oldest.
 */
#ifndef REBAKE_STORE_KNOWN_KEYS_H
#define REBAKE_STORE_KNOWN_KEYS_H

#include <stdbool.h>
#include <stdint.h>

struct known_keys;

struct known_keys *known_keys_new(void);
void known_keys_free(struct known_keys *keys); /* NULL is allowed */

uint64_t known_keys_hash(const char *hook, const char *key);

bool known_keys_has(const struct known_keys *keys, uint64_t hash);
void known_keys_add(struct known_keys *keys, uint64_t hash, int64_t id); /* one that is not known */
/* Rows below this id are gone. */
void known_keys_forget(struct known_keys *keys, int64_t oldest_id);

#endif
