/* SPDX-License-Identifier: Apache-2.0 */
/* The vtable of a kind of source. */
#ifndef REBAKE_WATCH_CHECK_H
#define REBAKE_WATCH_CHECK_H

#include "rebake/watch/watch.h"

struct rb_check_kind {
    /* Starts a check and returns what cancel takes. done comes once, later; the state is gone after
       it. What the request names is borrowed only for the call, but the tools. */
    void *(*start)(const struct rb_watch_tools *tools, const struct rb_check_request *request,
                   rb_check_cb *done, void *context);
    void (*cancel)(void *state); /* done will not come */
};

/* An outcome with what asking cost, and nothing else. */
struct rb_check_outcome rb_check_outcome_of(const struct rb_http_cost *cost);

extern const struct rb_check_kind rb_check_git;
extern const struct rb_check_kind rb_check_image;
extern const struct rb_check_kind rb_check_apt;
extern const struct rb_check_kind rb_check_rpm;
extern const struct rb_check_kind rb_check_apk;
extern const struct rb_check_kind rb_check_file;

#endif
