/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sources a webhook speaks of. Found by address without scheme and user, in lower case; of
 * git also without port and ".git": what names the same repository over https and ssh is one. Where
 * no source of git or of an image has the host, as behind a proxy, the last two parts of the path
 * decide. What is named by URL alone is the file or package repository there, or the one that it
 * lies in.
 */
#ifndef REBAKE_HOOKS_DIRECTORY_H
#define REBAKE_HOOKS_DIRECTORY_H

#include "rebake/hooks/hook.h"
#include "rebake/pipelines/source.h"

struct rb_hook_directory;

struct rb_hook_directory *rb_hook_directory_new(void);
void rb_hook_directory_free(struct rb_hook_directory *directory); /* NULL is allowed */
/* name, "PIPELINE/SOURCE", and source are borrowed and must stay; number is the caller's own. */
void rb_hook_directory_add(struct rb_hook_directory *directory, const char *name,
                           const struct rb_source *source, size_t number);

struct rb_hook_match {
    const char *name;
    size_t number;
};

/* The sources that the things name and the globs allow (NULL: all), each number once, in the
   arena. Once this was called nothing may be added. */
size_t rb_hook_directory_find(struct rb_hook_directory *directory, const struct rb_hook_news *news,
                              const char *const *globs, struct rb_arena *arena,
                              struct rb_hook_match **ret_matches);

#endif
