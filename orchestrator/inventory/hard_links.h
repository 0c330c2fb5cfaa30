/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hard links of one layer whose names say that they are a language's. In a tar file a link has no
 * content: what it leads to has, perhaps under a name that says nothing (pnpm's store, ostree's
 * objects), and then the layer has to be read once more.
 */
#ifndef ORCHESTRATOR_INVENTORY_HARD_LINKS_H
#define ORCHESTRATOR_INVENTORY_HARD_LINKS_H

#include "language.h"

struct hard_link {
    const char *path;
    const char *target;      /* the layer's path that has the content */
    enum language_file kind; /* as which the target is still to be read, or was for the link's sake;
                                LANGUAGE_NONE: its own name says it */
};

struct hard_links {
    struct rb_arena *arena; /* holds all that follows; borrowed */
    struct hard_link *items;
    size_t count;
    size_t capacity;
};

/* Takes the link if its name is one of a language's. RB_ELIMIT where there are too many. */
RB_NODISCARD int hard_links_add(struct hard_links *links, const char *path, const char *target,
                                bool is_executable, struct rb_err *err);
/* To be called when all were added, before the questions that follow. */
void hard_links_sort(struct hard_links *links);

/* The links to the path, which stand beside one another. Returns their count. */
size_t hard_links_to(const struct hard_links *links, const char *target,
                     const struct hard_link **ret_first);
/* As what the path is to be read for the sake of its links; LANGUAGE_NONE: it is not. */
enum language_file hard_links_kind_of(const struct hard_links *links, const char *target);
/* Is there a path of which that is true? */
bool hard_links_need_reading(const struct hard_links *links);

#endif
