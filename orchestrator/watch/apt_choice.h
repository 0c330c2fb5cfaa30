/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the files that a Release lists hold the offers that were asked for. */
#ifndef REBAKE_WATCH_APT_CHOICE_H
#define REBAKE_WATCH_APT_CHOICE_H

#include "rebake/watch/apt.h"

enum { RB_APT_COMPRESSIONS = 5 };

/* One Packages file, in the forms that are listed, the cheapest first. Borrowed from the release.
 */
struct rb_apt_index {
    const struct rb_apt_file *forms[RB_APT_COMPRESSIONS];
    size_t form_count;
    const struct rb_apt_file *plain; /* what it is when unpacked; NULL if that is not listed */
};

/* The index of each component and architecture, and of "all" where the repository keeps packages of
   architecture "all" apart; of a flat repository (no components) its one. Those that are listed
   as empty are left out. The caller frees *ret_indexes. RB_ENOTFOUND for a component or an
   architecture that the repository does not have, RB_ELIMIT for an index that is too large. */
RB_NODISCARD int rb_apt_choose(const struct rb_apt_release *release, const char *const *components,
                               const char *const *architectures, const char *what,
                               struct rb_apt_index **ret_indexes, size_t *ret_count,
                               struct rb_err *err);

/* What stands for the content of an index, in whatever form. */
const char *rb_apt_index_key(const struct rb_apt_index *index);

/* Where a file is under the folder of the Release file: by its hash, or by its name. The caller
   frees it. */
char *rb_apt_file_address(const struct rb_apt_file *file, bool by_hash);

#endif
