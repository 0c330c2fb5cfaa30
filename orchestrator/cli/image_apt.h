/* SPDX-License-Identifier: Apache-2.0 */
/* What the apt inside an image would do: its sources, its preferences, the keys it believes. Read
   from the files that a scan kept (rb_scan_options.keep_apt). */
#ifndef ORCHESTRATOR_CLI_IMAGE_APT_H
#define ORCHESTRATOR_CLI_IMAGE_APT_H

#include "rebake/base/arena.h"
#include "rebake/base/strlist.h"
#include "rebake/inventory/outdated.h"

struct rb_image_apt {
    struct rb_arena *arena; /* owns the sources */
    struct rb_apt_source *sources;
    size_t source_count;
    size_t source_capacity;
    struct rb_preferences *preferences;
    bool may_be_old; /* Acquire::Check-Valid-Until "false" */
};

/* An image without any apt configuration is read as an empty one. */
RB_NODISCARD int rb_image_apt_read(const struct rb_scan *scan, struct rb_image_apt *ret_apt,
                                   struct rb_err *err);
void rb_image_apt_deinit(struct rb_image_apt *apt); /* usable with RB_CLEANUP */
/* A source that the user adds: one line of sources.list(5). */
RB_NODISCARD int rb_image_apt_add_line(struct rb_image_apt *apt, const char *line,
                                       struct rb_err *err);

/* Joins the keyrings that a source's Signed-By names (NULL: all that the image's apt trusts) into
   one, binary, that the caller frees. With prefer_here a path is looked for on this machine first:
   it was named here. */
RB_NODISCARD int rb_image_keyring(const struct rb_scan *scan, const char *signed_by,
                                  bool prefer_here, char **ret_data, size_t *ret_size,
                                  struct rb_err *err);

/* A file that the scan kept, or NULL. path may begin with '/'. */
const struct rb_kept_file *rb_image_file(const struct rb_scan *scan, const char *path);
/* The paths of the kept files in a folder (ending with '/') that apt would read: of plain names
   with one of the extensions ("" for names without any), sorted. */
struct rb_strlist rb_image_folder(const struct rb_scan *scan, const char *folder,
                                  const char *const *extensions);

#endif
