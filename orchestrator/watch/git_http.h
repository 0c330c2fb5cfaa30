/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The refs of a repository over HTTP, without git: see git_http.c. How the server wants to be asked
 * is an object of JSON that one listing leaves for the next, so that a repository that has not
 * changed costs one request: {"protocol":2,"login":were credentials asked for,"url":where it lives
 * now,"moved":has it moved there for ever}. It may be old or missing: then it is found out anew.
 */
#ifndef REBAKE_WATCH_GIT_HTTP_H
#define REBAKE_WATCH_GIT_HTTP_H

#include "git_refs.h"
#include "rebake/base/json.h"
#include "rebake/net/http.h"

struct rb_git_listing {
    const struct rb_git_refs *refs; /* those with the prefix; NULL on failure */
    json_t *manner;                 /* NULL: there is nothing to remember */
    bool moved;
    struct rb_http_cost cost;
};

/* error is NULL on success. Both are borrowed for the call. RB_EAUTH: not let in; RB_ENOTFOUND: no
   such repository; RB_EGIT: no git server, or one that cannot be understood. */
typedef void rb_git_listed_cb(void *context, const struct rb_git_listing *listing,
                              const struct rb_err *error);

bool rb_git_is_http(const char *url);

/* Starts a listing; done comes once, later. url may hold user and password; manner may be NULL. */
struct rb_git_http;
struct rb_git_http *rb_git_http_list(struct rb_http *http, const char *url, const char *prefix,
                                     const json_t *manner, rb_git_listed_cb *done, void *context);
void rb_git_http_cancel(struct rb_git_http *listing); /* done will not come */

#endif
