/* SPDX-License-Identifier: Apache-2.0 */
/*
 *     start ──▶ HEAD ──the known digest──▶ done: unchanged
 *      │          │
 *      │  another digest, none, or no HEAD here
 *      │          ▼
 *      └──────▶ GET ──▶ hashed ──▶ done: an image, or an index and its entry for the platform
 *   nothing known
 *
 * A HEAD does not count against the limits that registries set on pulls, a GET does.
 */
#include <string.h>

#include "exchange.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/state.h"

enum state { HEAD, GET, DONE };

static const struct rb_state_table STATES = {
    .name = "resolve",
    .count = 3,
    .states = {[HEAD] = {"head", RB_STATE_BIT(GET) | RB_STATE_BIT(DONE)},
               [GET] = {"get", RB_STATE_BIT(DONE)},
               [DONE] = {"done", 0}}};

struct rb_registry_request {
    struct rb_registry *registry;
    struct rb_reference reference;
    char *os, *architecture, *variant;
    char *known_digest;
    char *what;
    rb_registry_resolved_cb *done;
    void *context;
    unsigned state;
    struct rb_exchange *exchange;
    struct rb_resolved resolved;
};

static void free_request(struct rb_registry_request *request)
{
    rb_reference_deinit(&request->reference);
    rb_free(request->os);
    rb_free(request->architecture);
    rb_free(request->variant);
    rb_free(request->known_digest);
    rb_free(request->what);
    rb_free(request);
}

static void finish(struct rb_registry_request *request, const struct rb_err *error)
{
    rb_state_move(&STATES, &request->state, DONE);
    if (error != NULL) {
        request->resolved.digest[0] = '\0';
        request->resolved.manifest_digest[0] = '\0';
        request->resolved.unchanged = false;
    }
    request->done(request->context, &request->resolved, error);
    free_request(request);
}

static int take_manifest(struct rb_registry_request *request,
                         const struct rb_http_response *response, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *document = NULL;
    const struct rb_platform platform = {request->os, request->architecture, request->variant};
    struct rb_descriptor entry;
    bool is_index;
    int status = rb_manifest_verify(&request->reference, response->body, response->body_size,
                                    request->what, request->resolved.digest, err);
    if (status == 0)
        status = rb_json_parse(response->body, response->body_size, request->what, &document, err);
    if (status == 0)
        status = rb_manifest_is_index(document, rb_http_header(response, "Content-Type"),
                                      request->what, &is_index, err);
    if (status != 0)
        return status;
    memcpy(request->resolved.manifest_digest, request->resolved.digest, RB_DIGEST_SIZE);
    if (!is_index)
        return 0;
    status = rb_index_choose(document, &platform, request->what, &entry, err);
    if (status == 0)
        memcpy(request->resolved.manifest_digest, entry.digest, RB_DIGEST_SIZE);
    return status;
}

static void on_get(void *context, const struct rb_http_response *response,
                   const struct rb_err *error)
{
    struct rb_registry_request *request = context;
    struct rb_err err;
    int status = error != NULL             ? rb_err_copy(&err, error)
                 : response->status != 200 ? rb_http_status_error(response, request->what, &err)
                                           : take_manifest(request, response, &err);
    request->resolved.moved = response->moved;
    finish(request, status != 0 ? &err : NULL);
}

static void start(struct rb_registry_request *request, const char *method, rb_http_cb *done)
{
    RB_CLEANUP_FREE char *path = rb_manifest_path(&request->reference);
    const struct rb_exchange_request question = {
        .reference = &request->reference,
        .what = request->what,
        .method = method,
        .path = path,
        .accept = RB_MANIFEST_ACCEPT,
        .body_maximum = RB_MANIFEST_MAXIMUM,
        .cost = &request->resolved.cost,
    };
    rb_exchange_start(request->registry, &question, done, request, &request->exchange);
}

/* Would a GET fare no better? */
static bool is_final(int status)
{
    return status == 401 || status == 403 || status == 429 || status >= 500;
}

static void on_head(void *context, const struct rb_http_response *response,
                    const struct rb_err *error)
{
    struct rb_registry_request *request = context;
    const char *digest = rb_http_header(response, "Docker-Content-Digest");
    struct rb_err err;
    if (error != NULL) {
        finish(request, error);
    } else if (is_final(response->status)) {
        rb_http_status_error(response, request->what, &err);
        finish(request, &err);
    } else if (response->status == 200 && rb_text_equal(digest, request->known_digest)) {
        request->resolved.unchanged = true;
        request->resolved.moved = response->moved;
        memcpy(request->resolved.digest, request->known_digest, RB_DIGEST_SIZE);
        finish(request, NULL);
    } else {
        rb_state_move(&STATES, &request->state, GET);
        start(request, "GET", on_get);
    }
}

void rb_registry_resolve(struct rb_registry *registry, const struct rb_reference *reference,
                         const struct rb_platform *platform, const char *known_digest,
                         rb_registry_resolved_cb *done, void *context,
                         struct rb_registry_request **ret_request)
{
    struct rb_registry_request *request = rb_zalloc(sizeof(*request));
    bool is_known = known_digest != NULL && rb_digest_is_valid(known_digest);
    request->registry = registry;
    request->reference = (struct rb_reference){
        .registry = rb_strdup(reference->registry),
        .repository = rb_strdup(reference->repository),
        .tag = rb_strdup(reference->tag),
        .digest = rb_strdup(reference->digest),
    };
    request->os = rb_strdup(platform->os);
    request->architecture = rb_strdup(platform->architecture);
    request->variant = rb_strdup(platform->variant);
    request->known_digest = is_known ? rb_strdup(known_digest) : NULL;
    request->what = rb_manifest_what(reference);
    request->done = done;
    request->context = context;
    request->state = is_known ? HEAD : GET;
    start(request, is_known ? "HEAD" : "GET", is_known ? on_head : on_get);
    if (ret_request != NULL)
        *ret_request = request;
}

void rb_registry_cancel(struct rb_registry_request *request)
{
    rb_exchange_cancel(request->exchange);
    free_request(request);
}
