/* SPDX-License-Identifier: Apache-2.0 */
/* Where verbs keep package indexes, and what checks saw, between runs: derived data, which may be
   deleted at any time. */
#ifndef ORCHESTRATOR_CLI_INDEX_CACHE_H
#define ORCHESTRATOR_CLI_INDEX_CACHE_H

/* ${XDG_CACHE_HOME:-~/.cache}/rebake/NAME, made if absent; NULL where there is no place for it. The
   caller frees it. */
char *rb_cli_cache_folder(const char *name);

/* The folder of one suite of one archive within the cache; the caller frees it. */
char *rb_index_cache_of(const char *cache_folder, const char *url, const char *suite);

/* Removes the indexes of states that nobody has used for a week, but path. */
void rb_index_cache_prune(const char *path);

#endif
