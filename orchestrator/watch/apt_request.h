/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a repository: kept while it is fetched, and where it leads. */
#ifndef REBAKE_WATCH_APT_REQUEST_H
#define REBAKE_WATCH_APT_REQUEST_H

#include "rebake/base/arena.h"
#include "rebake/pipelines/source.h"
#include "rebake/watch/apt.h"

/* What a source asks for, borrowed from it and from the folder; nothing is known yet. */
struct rb_apt_request rb_apt_request_of(const struct rb_apt_source *source,
                                        const char *index_folder);
/* Where what the source's checks keep is; the caller frees it. */
char *rb_apt_kept_folder(const char *cache_folder, const struct rb_apt_source *source);

/* A copy, with all that it points to in the arena. */
struct rb_apt_request rb_apt_request_copy(const struct rb_apt_request *request,
                                          struct rb_arena *arena);

/* The URL of the folder that the Release file is in: URL/dists/SUITE, or that of a flat repository.
   In the arena. */
const char *rb_apt_request_address(const struct rb_apt_request *request, struct rb_arena *arena);

/* RB_EINVALID for what cannot be asked. what names the repository. */
RB_NODISCARD int rb_apt_request_judge(const struct rb_apt_request *request, const char *what,
                                      struct rb_err *err);

#endif
