/* SPDX-License-Identifier: Apache-2.0 */
/* A server on a real unix socket over a real store, and a client on the same loop. */
#ifndef REBAKE_TEST_API_FIXTURE_H
#define REBAKE_TEST_API_FIXTURE_H

#include "../store/fixture.h"
#include "rebake/api/api.h"
#include "rebake/base/json.h"
#include "rebake/net/http.h"

struct api_fixture {
    struct fixture *base;
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_api *api;
    const char *socket_path;
    /* What the daemon was told. */
    int changes;
    int64_t checked_id; /* -1: nothing was asked for */
    int64_t canceled_id;
    bool nothing_to_cancel;    /* then cancel_build says so */
    bool cannot_keep;          /* then keep_version says so */
    const char *kept_pipeline; /* what it was last told */
    const char *kept_image;
    bool behind;             /* what is_behind says */
    bool store_is_full;      /* then check_now fails */
    struct rb_api_host host; /* of all sources */
};

int api_setup(void **state);
int api_teardown(void **state);

/* The reply to a request; lives in the fixture's arena. */
struct reply {
    int status;
    const char *body;
    size_t size;
    const char *log_size;
    const char *log_state;
    const char *allow;
    const char *type;
};

struct reply api_ask(struct api_fixture *fixture, const char *method, const char *path,
                     const char *body);
/* A GET that must be answered with 200; the caller drops the reference. */
json_t *api_get(struct api_fixture *fixture, const char *path);
/* Asserts the status and that the error's message holds the words. */
void assert_refused(const struct reply *reply, int status, const char *words);

/* Sends bytes as they are and gives all that comes until the server closes. */
const char *api_send_raw(struct api_fixture *fixture, const char *bytes, size_t size);

/* A member of an object by the path "chain.0.build.id". Fails the test where there is none. */
const json_t *at(const json_t *json, const char *path);
const char *text_at(const json_t *json, const char *path);
int64_t number_at(const json_t *json, const char *path);

#endif
