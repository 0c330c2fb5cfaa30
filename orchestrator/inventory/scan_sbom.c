/* SPDX-License-Identifier: Apache-2.0 */
#include "scan_sbom.h"

#include <string.h>

#include "layer_set.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/document.h"
#include "sbom.h"

enum { DESCRIPTION_MAXIMUM = 4 * 1024 * 1024 /* bytes of a list of referrers, or a manifest */ };

static int read_text(const char *data, size_t size, const char *what, struct rb_scan *scan,
                     struct rb_err *err)
{
    struct sbom_origin origin;
    int status = sbom_read(data, size, what, &scan->inventory, &origin, err);
    scan->origin = origin.words;
    scan->left_out = origin.left_out;
    if (status == 0)
        rb_inventory_sort(&scan->inventory);
    return status;
}

int scan_sbom_file(const char *path, struct rb_scan *scan, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    int status = rb_file_read(path, SBOM_MAXIMUM, &data, &size, err);
    scan->reference = rb_asprintf("sbom:%s", path);
    scan->digest = rb_strdup("");
    return status == 0 ? read_text(data, size, path, scan, err) : status;
}

/* ── attached to an image ───────────────────────────────────────────────────────────────────── */

/* A document on its way, for a caller that waits. */
struct waiting {
    bool is_over;
    int http_status;
    char *data;
    size_t size;
    int status;
    struct rb_err *err;
};

static void on_document(void *context, const struct rb_document *document,
                        const struct rb_err *error)
{
    struct waiting *waiting = context;
    waiting->is_over = true;
    waiting->http_status = document->status;
    if (error != NULL) {
        waiting->status = rb_err_copy(waiting->err, error);
        return;
    }
    waiting->data = rb_strndup(document->body, document->size);
    waiting->size = document->size;
}

struct search {
    struct rb_net_session *session;
    const struct rb_reference *reference;
    struct rb_err *err;
};

/* *ret_data is NULL where the registry has no such document; else the caller frees it. */
static int fetch(const struct search *search, const char *path, const char *digest, size_t maximum,
                 char **ret_data, size_t *ret_size)
{
    const struct rb_document_request request = {
        .reference = search->reference,
        .path = path,
        .what = "an attached SBOM",
        .accept = "Accept: application/vnd.oci.image.index.v1+json, "
                  "application/vnd.oci.image.manifest.v1+json",
        .digest = digest,
        .maximum = maximum,
    };
    struct waiting waiting = {.err = search->err};
    struct rb_document_fetch *started;
    rb_document_fetch_start(search->session->registry, &request, on_document, &waiting, &started);
    while (!waiting.is_over)
        rb_loop_run_once(search->session->loop);
    bool is_absent = waiting.http_status == 404 || waiting.http_status == 400;
    *ret_data = waiting.data;
    *ret_size = waiting.size;
    return is_absent ? 0 : waiting.status;
}

static int fetch_json(const struct search *search, const char *path, const char *digest,
                      json_t **ret_json)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size;
    *ret_json = NULL;
    int status = fetch(search, path, digest, DESCRIPTION_MAXIMUM, &data, &size);
    if (status != 0 || data == NULL)
        return status;
    return rb_json_parse(data, size, path, ret_json, search->err);
}

static bool is_sbom(const char *type)
{
    static const char *const TYPES[] = {"application/vnd.cyclonedx+json", "application/spdx+json",
                                        "text/spdx+json"};
    for (size_t i = 0; i < RB_COUNT_OF(TYPES); i++) {
        if (type != NULL && strcmp(type, TYPES[i]) == 0)
            return true;
    }
    return false;
}

/* Of the referrers the first that is an SBOM; NULL. */
static const char *choose(const json_t *index)
{
    size_t i;
    const json_t *entry;
    json_array_foreach(json_object_get(index, "manifests"), i, entry)
    {
        const char *digest = rb_json_get_string(entry, "digest", NULL);
        if (is_sbom(rb_json_get_string(entry, "artifactType", NULL)) && rb_digest_is_valid(digest))
            return digest;
    }
    return NULL;
}

/* The manifest that an SBOM is the first layer of; *ret_json is NULL where there is none. */
static int find_manifest(const struct search *search, const char *digest, json_t **ret_json)
{
    const char *hex = digest + strlen("sha256:");
    RB_CLEANUP_FREE char *referrers = rb_asprintf("referrers/%s", digest);
    RB_CLEANUP_FREE char *fallback = rb_asprintf("manifests/sha256-%s", hex);
    RB_CLEANUP_FREE char *cosign = rb_asprintf("manifests/sha256-%s.sbom", hex);
    const char *const lists[] = {referrers, fallback};
    for (size_t i = 0; i < RB_COUNT_OF(lists); i++) {
        RB_CLEANUP_JSON json_t *index = NULL;
        int status = fetch_json(search, lists[i], NULL, &index);
        if (status != 0)
            return status;
        const char *chosen = choose(index);
        if (chosen == NULL)
            continue;
        RB_CLEANUP_FREE char *path = rb_asprintf("manifests/%s", chosen);
        return fetch_json(search, path, chosen, ret_json);
    }
    return fetch_json(search, cosign, NULL, ret_json);
}

static int read_attached(const struct search *search, const char *digest, struct rb_scan *scan)
{
    RB_CLEANUP_JSON json_t *manifest = NULL;
    RB_CLEANUP_FREE char *data = NULL;
    struct rb_descriptor layer;
    size_t size;
    int status = find_manifest(search, digest, &manifest);
    if (status != 0)
        return status;
    if (manifest == NULL)
        return rb_err_set(search->err, RB_ENOTFOUND, "no SBOM is attached to it");
    status = rb_descriptor_read(json_array_get(json_object_get(manifest, "layers"), 0),
                                "the attached SBOM", &layer, search->err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *path = rb_asprintf("blobs/%s", layer.digest);
    status = fetch(search, path, layer.digest, SBOM_MAXIMUM, &data, &size);
    if (status == 0 && data == NULL)
        status =
            rb_err_set(search->err, RB_ENOTFOUND, "the attached SBOM %s is gone", layer.digest);
    return status == 0 ? read_text(data, size, "the attached SBOM", scan, search->err) : status;
}

int scan_attached_sbom(struct rb_net_session *session, const char *reference, struct rb_scan *scan,
                       struct rb_err *err)
{
    struct layer_set set;
    int status = layer_set_open_registry(&set, session, reference, err);
    if (status != 0)
        return status;
    const struct search search = {session, &set.reference, err};
    scan->digest = rb_strdup(set.digest);
    scan->reference = rb_asprintf("attached:%s/%s@%s", set.reference.registry,
                                  set.reference.repository, set.digest);
    status = read_attached(&search, set.digest, scan);
    layer_set_close(&set);
    return status;
}
