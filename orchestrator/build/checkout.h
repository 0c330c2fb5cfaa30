/* SPDX-License-Identifier: Apache-2.0 */
/* The code of a build: exactly the locked tree, as a folder. */
#ifndef REBAKE_BUILD_CHECKOUT_H
#define REBAKE_BUILD_CHECKOUT_H

#include "rebake/job/job.h"

struct checkout_request {
    const char *url;
    const char *branch; /* exactly one of the two */
    const char *tag;
    const char *commit; /* object ids: 40 hexadecimal digits */
    const char *tree;   /* of what stands at path in the commit */
    const char *path;   /* relative, "." for the root */
    const char *mirror; /* a bare repository that may hold the commit; NULL: there is none */
};

/* Writes the tree at path of the commit into folder, which must not exist: files as they are stored
   (no filters, no hooks), executable or not, symbolic links. Takes the commit from the mirror, or
   fetches it into the job's scratch folder. RB_EINVALID when the branch or tag no longer holds the
   commit, for a submodule, a name that no file may have and a link that leads out of the folder;
   RB_EVERIFY when the tree is another than the one locked; RB_EGIT, RB_ENETWORK and others when the
   repository cannot be had. */
RB_NODISCARD int checkout(struct rb_job *job, const struct checkout_request *request,
                          const char *folder, struct rb_err *err);

#endif
