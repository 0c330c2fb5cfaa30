/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pipeline files that a source of kind pipeline follows. A check of a new commit reads them all; if
 * all are good they are put into PIPELINES/SOURCE/TREE, whole or not at all, before the check says
 * so. SOURCE is a hash of the source's spec, TREE the object id of the folder in the repository: a
 * commit that touches no file of it has the files that are there already. Those in force stay until
 * a check has begun that knows of newer ones.
 */
#ifndef REBAKE_WATCH_FOLLOWED_H
#define REBAKE_WATCH_FOLLOWED_H

#include <stddef.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/pipelines/pipeline.h"

/* PIPELINES/SOURCE; the caller frees it. */
char *rb_followed_folder(const char *pipelines_folder, const struct rb_source *source);

/* The TREE of what a check found, from a version's detail or a memo; NULL where it names none. */
const char *rb_followed_tree(const struct rb_source *source, const json_t *found);

/* Reads one file as rb_pipeline_parse does, and refuses one that follows others in turn. All that
   is wrong is in err, which begins with the first mistake: "FILE:LINE:COLUMN: MESSAGE". On success
   the pipeline is the caller's. */
RB_NODISCARD int rb_followed_parse(const char *data, size_t size, const char *file,
                                   struct rb_pipeline **ret_pipeline, struct rb_err *err);

/* A file is not larger than that: no pipeline may be. */
enum { RB_FOLLOWED_FILE_MAXIMUM = 1 << 20 };

#endif
