/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An image by the digest of its manifest, as an OCI layout (image-spec v1.1 image-layout.md). The
 * places of the source are asked in their order; what one has given, and was verified, stays when
 * the next is asked.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fetching.h"
#include "image_place.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/net/manifest.h"
#include "rebake/net/registry.h"

enum { BLOBS_MAXIMUM = 1024 };
static const int64_t TOTAL_MAXIMUM = INT64_C(128) << 30;

struct layout {
    const struct rb_fetching *fetching;
    const struct rb_reference *place;
    char *blobs; /* its folder */
    char *incoming;
    size_t count;
    int64_t total_bytes;
};

static void layout_deinit(struct layout *layout)
{
    rb_free(layout->blobs);
    rb_free(layout->incoming);
}

static int copy_blob(struct rb_blob *blob, const char *path, struct rb_err *err)
{
    RB_CLEANUP_CLOSE int fd =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return rb_err_sys(err, errno, "write %s", path);
    for (;;) {
        const void *data;
        size_t size;
        int status = rb_blob_read(blob, &data, &size, err);
        if (status != 0 || size == 0)
            return status;
        status = rb_write_all(fd, data, size, err);
        if (status != 0)
            return status;
    }
}

/* It has its name only once its hash was seen to hold. */
static int fetch_blob(struct layout *layout, const struct rb_descriptor *descriptor,
                      struct rb_err *err)
{
    struct rb_blob *blob = NULL;
    if (++layout->count > BLOBS_MAXIMUM ||
        descriptor->size_bytes > TOTAL_MAXIMUM - layout->total_bytes)
        return rb_err_set(err, RB_ELIMIT, "the image has more than %d blobs, or %lld bytes",
                          BLOBS_MAXIMUM, (long long)TOTAL_MAXIMUM);
    layout->total_bytes += descriptor->size_bytes;
    RB_CLEANUP_FREE char *path =
        rb_asprintf("%s/%s", layout->blobs, descriptor->digest + strlen("sha256:"));
    if (rb_file_exists(path))
        return 0;
    int status = rb_registry_blob(layout->fetching->tools->registry, layout->place,
                                  descriptor->digest, descriptor->size_bytes, &blob, err);
    if (status == 0)
        status = copy_blob(blob, layout->incoming, err);
    rb_blob_free(blob);
    return status == 0 ? rb_file_put_in_place(layout->incoming, path, err) : status;
}

static int fetch_blobs(struct layout *layout, const json_t *manifest, const char *what,
                       struct rb_err *err)
{
    struct rb_descriptor descriptor;
    size_t i;
    const json_t *layer;
    layout->count = 0;
    layout->total_bytes = 0;
    int status = rb_descriptor_read(json_object_get(manifest, "config"), what, &descriptor, err);
    if (status == 0)
        status = fetch_blob(layout, &descriptor, err);
    json_array_foreach(json_object_get(manifest, "layers"), i, layer)
    {
        if (status == 0)
            status = rb_descriptor_read(layer, what, &descriptor, err);
        if (status == 0)
            status = fetch_blob(layout, &descriptor, err);
    }
    return status;
}

static int write_index(const struct layout *layout, const struct rb_manifest *manifest,
                       const json_t *document, struct rb_err *err)
{
    static const char LAYOUT[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
    RB_CLEANUP_JSON json_t *index = rb_json_object();
    json_t *manifests = rb_json_array(), *entry = rb_json_object();
    RB_CLEANUP_FREE char *served_type =
        rb_strndup(manifest->media_type, strcspn(manifest->media_type, "; "));
    rb_json_set_string(entry, "mediaType", rb_json_get_string(document, "mediaType", served_type));
    rb_json_set_string(entry, "digest", manifest->digest);
    rb_json_set_integer(entry, "size", (int64_t)manifest->size);
    rb_json_append(manifests, entry);
    rb_json_set_integer(index, "schemaVersion", 2);
    rb_json_set_string(index, "mediaType", "application/vnd.oci.image.index.v1+json");
    rb_json_set(index, "manifests", manifests);
    RB_CLEANUP_FREE char *text = rb_json_canonical(index);
    RB_CLEANUP_FREE char *name =
        rb_asprintf("blobs/sha256/%s", manifest->digest + strlen("sha256:"));
    int status = rb_fetching_write(layout->fetching, name, manifest->data, manifest->size, err);
    if (status == 0)
        status = rb_fetching_write(layout->fetching, "index.json", text, strlen(text), err);
    if (status == 0)
        status = rb_fetching_write(layout->fetching, "oci-layout", LAYOUT, strlen(LAYOUT), err);
    return status;
}

static int fetch_from(struct layout *layout, const struct rb_platform *platform, struct rb_err *err)
{
    RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
    RB_CLEANUP_JSON json_t *document = NULL;
    char digest[RB_DIGEST_SIZE];
    memcpy(digest, layout->fetching->version, RB_DIGEST_SIZE);
    const struct rb_reference exact = {.registry = layout->place->registry,
                                       .repository = layout->place->repository,
                                       .digest = digest};
    RB_CLEANUP_FREE char *shown = rb_reference_format(&exact);
    RB_CLEANUP_FREE char *what = rb_asprintf("manifest of %s", shown);
    int status =
        rb_registry_manifest(layout->fetching->tools->registry, &exact, platform, &manifest, err);
    if (status == RB_ENOTFOUND)
        return rb_err_set(err, status, "%s is no longer there: the registry has no such manifest",
                          shown);
    if (status == 0 && !rb_text_equal(manifest.digest, digest))
        status = rb_err_set(err, RB_EINVALID,
                            "%s is an index of images: a version is the manifest of one", shown);
    if (status == 0)
        status = rb_json_parse(manifest.data, manifest.size, what, &document, err);
    if (status == 0)
        status = fetch_blobs(layout, document, what, err);
    return status == 0 ? write_index(layout, &manifest, document, err) : status;
}

int rb_image_fetch_version(const struct rb_fetching *fetching, struct rb_err *err)
{
    struct rb_image_plan plan = {0};
    enum rb_trouble trouble;
    RB_CLEANUP(layout_deinit)
    struct layout layout = {
        .fetching = fetching,
        .blobs = rb_asprintf("%s/blobs/sha256", fetching->folder),
        .incoming = rb_asprintf("%s/blob", fetching->scratch),
    };
    if (!rb_digest_is_valid(fetching->version))
        return rb_err_set(err, RB_EINVALID,
                          "\"%.80s\" is no version of an image source: sha256:… of a manifest",
                          fetching->version);
    int status = rb_image_plan_make(&fetching->source->image, &plan, &trouble, err);
    if (status == 0)
        status = rb_folder_make(layout.blobs, 0755, err);
    bool is_done = status != 0;
    for (size_t i = 0; !is_done && i < plan.place_count; i++) {
        layout.place = &plan.places[i];
        status = fetch_from(&layout, &plan.platform, err);
        is_done = status == 0;
    }
    rb_image_plan_deinit(&plan);
    return status;
}
