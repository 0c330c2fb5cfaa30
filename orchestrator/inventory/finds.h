/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one layer, or a folder, has anywhere: packages of languages, what hides files of the layers
 * below, and the lists of files that dpkg's packages own. A language's package that a
 * distribution's package brought is that one's: the distribution patches it under its own version.
 */
#ifndef ORCHESTRATOR_INVENTORY_FINDS_H
#define ORCHESTRATOR_INVENTORY_FINDS_H

#include "hard_links.h"
#include "language.h"
#include "path_set.h"

/* The files that one list tells of. */
struct finds_owner {
    char *path; /* of the list */
    struct path_set files;
};

struct finds {
    struct rb_inventory packages; /* each with the path of what told of it */
    struct path_set hidden;       /* what the layers below cannot show any more */
    struct hard_links links;      /* other names of its files */
    struct finds_owner *owners;
    size_t owner_count;
    struct language_budget *budget; /* of the image */
};

/* The budget is shared by all finds of one image, and outlives them. */
void finds_init(struct finds *finds, struct language_budget *budget);
void finds_deinit(struct finds *finds);

/* An entry that is no folder, or a whiteout of it. */
void finds_hide(struct finds *finds, const char *path);
/* All that the layers below have in the folder. */
void finds_hide_below(struct finds *finds, const char *folder);
/* To be called when the layer has been read. */
void finds_end(struct finds *finds);

/* What a regular file would be read for. */
bool finds_wants(const char *path, bool is_executable);
/* Reads it. The finds' own budget counts. */
RB_NODISCARD int finds_read(struct finds *finds, const char *path, bool is_executable,
                            const struct file_bytes *bytes, struct rb_err *err);
/* Reads a file as a link to it is called. */
RB_NODISCARD int finds_read_as(struct finds *finds, enum language_file kind, const char *path,
                               const struct file_bytes *bytes, struct rb_err *err);

/* A list of files that is to be filled. */
struct path_set *finds_add_owner(struct finds *finds, const char *path);

/* A file that a distribution's package owns. Where a folder at the root has become a link into usr,
   its files are told of under both names. */
void finds_own(struct path_set *owned, const char *path);

/* Appends the packages that are seen and whose file nobody owns, once for each name of the file;
   layers: the top first. owned: what the other databases tell of; all that dpkg's lists tell is
   added. RB_ELIMIT where hard links make too many names. */
RB_NODISCARD int finds_merge(const struct finds *layers, size_t count, struct path_set *owned,
                             struct rb_inventory *inventory, struct rb_err *err);

#endif
