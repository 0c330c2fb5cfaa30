/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a repository's states in the cache: a folder a source, in it files that begin
   with the state's hash. All of it can be made anew. */
#ifndef REBAKE_WATCH_KEPT_H
#define REBAKE_WATCH_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/digest.h"

/* Takes a list of texts (NULL-terminated) into a hash, so that no two lists give the same. */
void rb_kept_hash_list(struct rb_sha256 *hash, const char *const *list);

/* CACHE/KIND/HASH, for what texts and lists (NULL-terminated) tell the source from others of its
   kind. The caller frees it. */
char *rb_kept_folder(const char *cache_folder, const char *kind, const char *const *texts,
                     const char *const *list);

/* FOLDER/HASH.ENDING; the caller frees it. */
char *rb_kept_path(const char *folder, const char *hash, const char *ending);

/* True if there is an index of offers that can be read. */
bool rb_kept_index_is_there(const char *path, size_t *ret_offer_count);

/* Removes the files of other states than this. Whoever has one mapped keeps it. */
void rb_kept_drop_others(const char *folder, const char *hash);

#endif
