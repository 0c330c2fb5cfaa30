/* SPDX-License-Identifier: Apache-2.0 */
/* The derived files that sources' versions name, opened once and kept as long as they are the
   current ones: compiled advisories, threats, package indexes. */
#ifndef ORCHESTRATOR_API_SHELF_H
#define ORCHESTRATOR_API_SHELF_H

#include "rebake/advisory/match.h"
#include "rebake/advisory/threat.h"
#include "rebake/advisory/vex.h"
#include "rebake/inventory/index.h"
#include "rebake/store/sources.h"
#include "request.h"

struct api_shelf;
struct api_shelf *api_shelf_new(void);
void api_shelf_free(struct api_shelf *shelf); /* NULL is allowed */

/* A package source's index, under all names that pipelines have for the source. */
struct api_repository {
    const char *names; /* "shop/security, blog/security" */
    enum rb_package_type type;
    const struct rb_index *index;
};

/* A document of VEX. */
struct api_vex {
    const char *path;
    const struct rb_vex *vex;
};

/* What can be asked now. A source without a good check yet, or whose file is lost, is left out; its
   next check makes the file again. */
struct api_feeds {
    struct rb_advisory_source *advisories;
    size_t advisory_count;
    const struct rb_threats *kev;  /* NULL: none is watched */
    const struct rb_threats *epss; /* as well */
    struct api_repository *repositories;
    size_t repository_count;
    struct api_vex *vex; /* in the order in which the settings name them */
    size_t vex_count;
    const char **faults; /* what of them cannot be read, and why */
    size_t fault_count;
};

/* The arena has the lists; what they name stays open until the next call. */
RB_NODISCARD int api_shelf_look(struct api_shelf *shelf, const struct api_request *request,
                                struct api_feeds *ret_feeds, struct rb_err *err);

#endif
