/* SPDX-License-Identifier: Apache-2.0 */
/* From downloaded Packages files to an index file. All of it takes its time: for the pool. */
#ifndef REBAKE_WATCH_APT_INDEX_FILE_H
#define REBAKE_WATCH_APT_INDEX_FILE_H

#include "apt_choice.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/index.h"

/* Where the index of a state is kept: FOLDER/RELEASE-HASH.SELECTION.index, for what an index holds
   depends on the components and architectures that were asked for too. The caller frees it. */
char *rb_apt_index_path(const struct rb_apt_request *request, const char *release_hash);

/* The newest index of the same selection, whatever state it is of; NULL if there is none. */
struct rb_index *rb_apt_index_open_newest(const struct rb_apt_request *request);

/* Checks a downloaded form of an index against the Release file, packed and unpacked, and feeds it
   to the builder. folder names the Release file's folder in errors. */
RB_NODISCARD int rb_apt_index_unpack(struct rb_index_builder *builder,
                                     const struct rb_apt_index *index, size_t form,
                                     const struct rb_strbuf *body, const char *folder,
                                     struct rb_err *err);

#endif
