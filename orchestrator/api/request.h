/* SPDX-License-Identifier: Apache-2.0 */
/* One request as its handler sees it, and the reply that it makes. HTTP itself is in server.c. */
#ifndef REBAKE_API_REQUEST_H
#define REBAKE_API_REQUEST_H

#include "rebake/api/api.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"

enum {
    API_ARGUMENTS = 2,             /* at most so many parts of a path vary */
    API_BODY_MAXIMUM = 64 * 1024,  /* of a request */
    API_LOG_MAXIMUM = 1024 * 1024, /* of a log, in one reply */
    API_DRIFT_SHOWN = 100,         /* differences of one deployment */
    API_WHY_MAXIMUM = 1000         /* bytes of a person's words */
};

struct api_shelf;

struct api_request {
    const struct rb_api_options *options;
    struct api_shelf *shelf; /* derived files that stay open between requests */
    struct rb_arena *arena;  /* lives as long as the request */
    int64_t now_at;
    const char *arguments[API_ARGUMENTS]; /* what stood in the path where the route has a ":" */
    const char *actor;                    /* "user:root" */
    const json_t *body;                   /* an object; empty when none was sent */
    /* A parameter of the query string, or NULL. */
    const char *(*parameter)(const struct api_request *request, const char *name);
    void *connection;
};

struct api_reply {
    int status;   /* 200 unless set */
    json_t *json; /* the reply's, or NULL with bytes */
    char *bytes;  /* plain text, allocated; taken over by who sends it */
    size_t byte_count;
    const char *log_state; /* X-Rebake-State, with the bytes of a log */
    int64_t log_size;      /* X-Rebake-Size, likewise */
};

/* Fills the reply, or fails with the error that the client is told. A handler that wants another
   status for its error than the code's own sets reply->status. */
typedef int api_handler(const struct api_request *request, struct api_reply *reply,
                        struct rb_err *err);

api_handler api_get_status;
api_handler api_get_health;
api_handler api_get_sources;
api_handler api_get_image;
api_handler api_get_build;
api_handler api_get_log;
api_handler api_get_why;
api_handler api_get_decision;
api_handler api_get_decisions;
api_handler api_get_history;
api_handler api_trigger;
api_handler api_get_metrics;
api_handler api_trigger_named;
api_handler api_plan;
api_handler api_approve;
api_handler api_withdraw;
api_handler api_pin;
api_handler api_unpin;
api_handler api_get_words;
api_handler api_pause;
api_handler api_resume;
api_handler api_cancel;
api_handler api_check;
api_handler api_get_hooks;
api_handler api_get_exposure;
api_handler api_get_advisories;
api_handler api_get_patches;
api_handler api_judge;

/* The number in the path; RB_ENOTFOUND for anything else, since nothing has such an id. */
RB_NODISCARD int api_want_id(const struct api_request *request, const char *what, int64_t *ret_id,
                             struct rb_err *err);
/* A parameter that is a number from 0 to maximum. */
RB_NODISCARD int api_number(const struct api_request *request, const char *name, int64_t fallback,
                            int64_t maximum, int64_t *ret_value, struct rb_err *err);

#endif
