/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operators' API: HTTP and JSON on a unix socket (docs/reference/api.md). It reads the store
 * itself and asks the daemon, through these functions, for what changes something.
 */
#ifndef REBAKE_API_API_H
#define REBAKE_API_API_H

#include <stdbool.h>

#include "rebake/base/clock.h"
#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/loop/loop.h"
#include "rebake/net/http.h"
#include "rebake/store/store.h"

struct rb_api;

/* How the host of a source is treated, by all that ask it. */
struct rb_api_host {
    const char *name;           /* NULL: not known */
    const char *state;          /* "up", "limited", "down", "probing" */
    int64_t until;              /* not asked before; 0: now */
    int under_way;              /* checks */
    struct rb_http_limit limit; /* its last word on its allowance; window_ms 0: none */
};

struct rb_api_options {
    struct rb_loop *loop;
    struct rb_store *store;
    const struct rb_clock *clock;
    const char *socket_path; /* made with mode 0600; a stale one is replaced, a live one refused */
    const char *version;     /* of the program */
    void *context;           /* given to changed() */
    /* Something was committed that the planner must see (a request, a pause): plan soon. */
    void (*changed)(void *context);
    /* True while something is recorded that no plan has seen. */
    bool (*is_behind)(void *context);
    /* Check a source now (0: all of them): until that is done its next check is due at once, by a
       check that begins after this call. */
    int (*check_now)(void *context, int64_t source_id, struct rb_err *err);
    struct rb_api_host (*host_of)(void *context, int64_t source_id);
    /* Stop a build; RB_ENOTFOUND when it does not run. */
    int (*cancel_build)(void *context, int64_t build_id, struct rb_err *err);
    /* A version of a source is to be pinned for all images, those of a pipeline, or one: see to it
       that it can be had as long as it is; RB_EINVALID when it cannot be. */
    int (*keep_version)(void *context, int64_t version_id, const char *pipeline, const char *image,
                        struct rb_err *err);
    /* What would be done if all in the list (NULL: nothing) were so: docs/reference/api.md; the
       answer's reference is handed over. */
    int (*forecast)(void *context, const json_t *what_if, json_t **ret_json, struct rb_err *err);
    /* How webhooks do (rb_hooks_json); the answer's reference is handed over. */
    int (*hooks)(void *context, json_t **ret_json, struct rb_err *err);
    /* How the policy servers do; the answer's reference is handed over. NULL: there are none. */
    json_t *(*policy)(void *context);
    /* Paths of VEX documents and of folders with them, NULL-terminated, or NULL; asked at each
       question. May be NULL. */
    const char *const *(*vex)(void *context);
    int64_t started_at; /* when the daemon did */
};

RB_NODISCARD int rb_api_start(const struct rb_api_options *options, struct rb_api **ret_api,
                              struct rb_err *err);
void rb_api_stop(struct rb_api *api); /* closes connections, removes the socket; NULL is allowed */

#endif
