/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The recipe, made exact: a Containerfile comes in as people write it, and what goes to the builder
 * names every image by digest. Pure: text in, text out.
 */
#ifndef REBAKE_BUILD_CONTAINERFILE_H
#define REBAKE_BUILD_CONTAINERFILE_H

#include "rebake/base/strlist.h"
#include "recipe_word.h"

struct containerfile_options {
    const char *file;                        /* shown in errors */
    const char *base_name;                   /* what the pipeline calls the base: "runtime" */
    const char *base_tagged;                 /* the base's own reference with its tag, or NULL */
    const char *base_pinned;                 /* registry/name@sha256:… */
    const struct recipe_variable *arguments; /* build arguments and the platform's variables */
    size_t argument_count;
    const char *run_flags; /* put before the flags of each RUN, or NULL */
};

struct containerfile {
    char *text;               /* one instruction a line, comments gone */
    struct rb_strlist pinned; /* images other than the base, each once: registry/name@sha256:… */
};

/* On success the caller frees ret_containerfile with containerfile_deinit. Fails with RB_EINVALID
   and "FILE:LINE: …" where an image is named that is neither the base, an earlier stage, scratch
   nor pinned by digest, where the last stage does not stand on the base, and for what cannot be
   judged: here-documents, variables in --from. */
RB_NODISCARD int containerfile_pin(const char *data, size_t size,
                                   const struct containerfile_options *options,
                                   struct containerfile *ret_containerfile, struct rb_err *err);
void containerfile_deinit(struct containerfile *containerfile); /* usable with RB_CLEANUP */

#endif
