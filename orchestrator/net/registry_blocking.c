/* SPDX-License-Identifier: Apache-2.0 */
/* The image manifest for a platform, for callers that may wait. */
#include <string.h>

#include "exchange.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "transfer.h"

void rb_manifest_deinit(struct rb_manifest *manifest)
{
    rb_free(manifest->data);
    rb_free(manifest->media_type);
    *manifest = (struct rb_manifest){0};
}

struct fetch {
    const struct rb_reference *reference;
    const char *what;
    struct rb_manifest *ret_manifest;
    bool is_over;
    int status;
    struct rb_err *err;
};

static int keep_manifest(struct fetch *fetch, const struct rb_http_response *response)
{
    struct rb_manifest *manifest = fetch->ret_manifest;
    const char *type = rb_http_header(response, "Content-Type");
    int status = rb_manifest_verify(fetch->reference, response->body, response->body_size,
                                    fetch->what, manifest->digest, fetch->err);
    if (status != 0)
        return status;
    manifest->data = rb_alloc(response->body_size + 1);
    memcpy(manifest->data, response->body, response->body_size + 1);
    manifest->size = response->body_size;
    manifest->media_type = rb_strdup(type != NULL ? type : "");
    return 0;
}

static void on_manifest(void *context, const struct rb_http_response *response,
                        const struct rb_err *error)
{
    struct fetch *fetch = context;
    fetch->is_over = true;
    fetch->status = error != NULL ? rb_err_copy(fetch->err, error)
                    : response->status != 200
                        ? rb_http_status_error(response, fetch->what, fetch->err)
                        : keep_manifest(fetch, response);
}

/* The document that the reference names, be it a manifest or an index. */
static int fetch_document(struct rb_registry *registry, const struct rb_reference *reference,
                          const char *what, struct rb_manifest *ret_manifest, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_manifest_path(reference);
    struct fetch fetch = {
        .reference = reference, .what = what, .ret_manifest = ret_manifest, .err = err};
    const struct rb_exchange_request question = {
        .reference = reference,
        .what = what,
        .method = "GET",
        .path = path,
        .accept = RB_MANIFEST_ACCEPT,
        .body_maximum = RB_MANIFEST_MAXIMUM,
    };
    struct rb_exchange *exchange;
    rb_exchange_start(registry, &question, on_manifest, &fetch, &exchange);
    while (!fetch.is_over)
        rb_loop_run_once(registry->http->loop);
    return fetch.status;
}

/* Replaces an index by the manifest that it names for the platform. */
static int follow_index(struct rb_registry *registry, const struct rb_reference *reference,
                        const struct rb_platform *platform, const json_t *index, const char *what,
                        struct rb_manifest *manifest, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *document = NULL;
    struct rb_descriptor entry;
    bool is_index;
    int status = rb_index_choose(index, platform, what, &entry, err);
    if (status != 0)
        return status;
    const struct rb_reference exact = {.registry = reference->registry,
                                       .repository = reference->repository,
                                       .digest = entry.digest};
    RB_CLEANUP_FREE char *exact_what = rb_manifest_what(&exact);
    rb_manifest_deinit(manifest);
    status = fetch_document(registry, &exact, exact_what, manifest, err);
    if (status == 0)
        status = rb_json_parse(manifest->data, manifest->size, exact_what, &document, err);
    if (status == 0)
        status = rb_manifest_is_index(document, manifest->media_type, exact_what, &is_index, err);
    if (status == 0 && is_index)
        status = rb_err_set(err, RB_EINVALID, "%s is an index inside an index", exact_what);
    return status;
}

int rb_registry_manifest(struct rb_registry *registry, const struct rb_reference *reference,
                         const struct rb_platform *platform, struct rb_manifest *ret_manifest,
                         struct rb_err *err)
{
    RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
    RB_CLEANUP_JSON json_t *document = NULL;
    RB_CLEANUP_FREE char *what = rb_manifest_what(reference);
    bool is_index = false;
    int status = fetch_document(registry, reference, what, &manifest, err);
    if (status == 0)
        status = rb_json_parse(manifest.data, manifest.size, what, &document, err);
    if (status == 0)
        status = rb_manifest_is_index(document, manifest.media_type, what, &is_index, err);
    if (status == 0 && is_index)
        status = follow_index(registry, reference, platform, document, what, &manifest, err);
    if (status != 0)
        return status;
    *ret_manifest = manifest;
    manifest = (struct rb_manifest){0};
    return 0;
}
