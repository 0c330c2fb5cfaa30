/* SPDX-License-Identifier: Apache-2.0 */
/* The vtable of a kind of source: what a watch does with it. How it is described stands in the
   table of the language (pipelines/source_kind.h, rb_source_describe), for a graph needs no watch.
 */
#ifndef REBAKE_WATCH_CHECK_H
#define REBAKE_WATCH_CHECK_H

#include "rebake/watch/watch.h"

struct rb_fetching;

struct rb_check_kind {
    /* Starts a check and returns what cancel takes. done comes once, later; the state is gone after
       it. What the request names is borrowed only for the call, but the tools. */
    void *(*start)(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context);
    void (*cancel)(void *state); /* done will not come */
    /* Puts the version that is named into the folder that is named (fetching.h). Blocks. */
    int (*fetch)(const struct rb_fetching *fetching, struct rb_err *err);
};

/* An outcome with what asking cost, and nothing else. */
struct rb_check_outcome rb_check_outcome_of(const struct rb_http_cost *cost);

const struct rb_check_kind *rb_check_kind_of(enum rb_source_kind kind);

extern const struct rb_check_kind rb_check_git;
extern const struct rb_check_kind rb_check_image;
extern const struct rb_check_kind rb_check_apt;
extern const struct rb_check_kind rb_check_rpm;
extern const struct rb_check_kind rb_check_apk;
extern const struct rb_check_kind rb_check_language;
extern const struct rb_check_kind rb_check_file;

#endif
