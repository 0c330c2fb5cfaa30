/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a repository's states in the cache: a folder a source, in it files that begin
   with the state's hash. All of it can be made anew. */
#ifndef REBAKE_WATCH_KEPT_H
#define REBAKE_WATCH_KEPT_H

#include <stdbool.h>
#include <stddef.h>

#include "rebake/base/digest.h"
#include "rebake/base/err.h"
#include "rebake/pipelines/source.h"

/* The families of rb_kept_source_folder. */
#define RB_KEPT_FILES "files"

/* Takes a list of texts (NULL-terminated) into a hash, so that no two lists give the same. */
void rb_kept_hash_list(struct rb_sha256 *hash, const char *const *list);

/* CACHE/KIND/HASH, for what texts and lists (NULL-terminated) tell the source from others of its
   kind. The caller frees it. */
char *rb_kept_folder(const char *cache_folder, const char *kind, const char *const *texts,
                     const char *const *list);

/* CACHE/FAMILY/HASH, by the source's spec. The caller frees it. */
char *rb_kept_source_folder(const char *cache_folder, const char *family,
                            const struct rb_source *source);

/* FOLDER/HASH.ENDING; the caller frees it. */
char *rb_kept_path(const char *folder, const char *hash, const char *ending);

/* True if there is an index of offers that can be read. */
bool rb_kept_index_is_there(const char *path, size_t *ret_offer_count);

/* Removes the files of other states than this. Whoever has one mapped keeps it. */
void rb_kept_drop_others(const char *folder, const char *hash);

/* Removes all versions of a file but this, by its SHA-256, and the newest beside it, with what
   belongs to them (HASH.ENDING). */
void rb_kept_drop_older(const char *folder, const char *hash);

/* What upstream served of a state, as it came, so that the state can be had after upstream has
   moved on (rebake/watch/fetch.h): FOLDER/HASH.ENDING, of the newest `states` states alone. What is
   there already is left. */
RB_NODISCARD int rb_kept_write(const char *folder, const char *hash, const char *ending,
                               const void *data, size_t size, size_t states, struct rb_err *err);
/* The same of a file that was written elsewhere in the folder. */
RB_NODISCARD int rb_kept_adopt(const char *from, const char *folder, const char *hash,
                               const char *ending, size_t states, struct rb_err *err);

#endif
