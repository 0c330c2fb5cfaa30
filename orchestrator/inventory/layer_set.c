/* SPDX-License-Identifier: Apache-2.0 */
/* What describes an image (image-spec v1.1 manifest.md, config.md, image-layout.md): index,
   manifest and config, each checked against its digest before it is believed. */
#include "layer_set.h"

#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { DOCUMENT_MAXIMUM = 8 * 1024 * 1024 };

/* A small blob whole: a config, or in a layout also a manifest. */
static int read_document(const struct layer_set *set, const struct rb_descriptor *descriptor,
                         const char *what, json_t **ret_json, struct rb_err *err)
{
    struct layer_set one = *set;
    struct layer_entry entry = {.blob = *descriptor};
    struct layer_reader *reader;
    struct layer_source source;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(DOCUMENT_MAXIMUM);
    one.entries = &entry;
    int status = layer_set_read(&one, 0, &reader, &source, err);
    if (status != 0)
        return status;
    size_t size;
    do {
        const void *data;
        status = source.read(source.context, &data, &size, err);
        if (status == 0 && !rb_strbuf_append(&text, data, size))
            status =
                rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", what, DOCUMENT_MAXIMUM);
    } while (status == 0 && size > 0);
    layer_reader_free(reader);
    return status != 0 ? status
                       : rb_json_parse(rb_strbuf_text(&text), text.size, what, ret_json, err);
}

/* rootfs.diff_ids of the config, one for each layer; an image without them is a docker one of old,
   whose layers' own digests must do. */
static int read_diff_ids(struct layer_set *set, const json_t *config, struct rb_err *err)
{
    const json_t *ids = json_object_get(json_object_get(config, "rootfs"), "diff_ids");
    if (ids == NULL)
        return 0;
    if (json_array_size(ids) != set->count)
        return rb_err_set(err, RB_EINVALID, "the image has %zu layers and its config names %zu",
                          set->count, json_array_size(ids));
    for (size_t i = 0; i < set->count; i++) {
        const char *id = json_string_value(json_array_get(ids, i));
        if (!rb_digest_is_valid(id))
            return rb_err_set(err, RB_EINVALID, "the config's diff_ids[%zu] is no sha256 digest",
                              i);
        memcpy(set->entries[i].diff_id, id, RB_DIGEST_SIZE);
    }
    return 0;
}

static int read_manifest(struct layer_set *set, const json_t *manifest, struct rb_err *err)
{
    const json_t *layers = json_object_get(manifest, "layers");
    struct rb_descriptor config;
    set->count = json_array_size(layers);
    if (set->count > LAYERS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "the image has more than %d layers", LAYERS_MAXIMUM);
    set->entries = rb_calloc(set->count, sizeof(*set->entries));
    int status = rb_descriptor_read(json_object_get(manifest, "config"), "the manifest's config",
                                    &config, err);
    for (size_t i = 0; status == 0 && i < set->count; i++)
        status = rb_descriptor_read(json_array_get(layers, i), "a layer of the manifest",
                                    &set->entries[i].blob, err);
    RB_CLEANUP_JSON json_t *document = NULL;
    if (status == 0)
        status = read_document(set, &config, "the image's config", &document, err);
    for (size_t i = 0; i < set->count; i++)
        set->entries[i].blob.media_type = ""; /* it was lent by the manifest */
    return status == 0 ? read_diff_ids(set, document, err) : status;
}

int layer_set_open_registry(struct layer_set *set, struct rb_net_session *session,
                            const char *reference, struct rb_err *err)
{
    *set = (struct layer_set){.session = session};
    int status = rb_reference_parse(reference, &set->reference, err);
    if (status != 0)
        return status;
    RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
    RB_CLEANUP_JSON json_t *document = NULL;
    struct rb_platform platform = rb_platform_here();
    status = rb_registry_manifest(session->registry, &set->reference, &platform, &manifest, err);
    if (status == 0)
        status = rb_json_parse(manifest.data, manifest.size, "the manifest", &document, err);
    if (status == 0) {
        memcpy(set->digest, manifest.digest, sizeof(set->digest));
        status = read_manifest(set, document, err);
    }
    if (status != 0)
        layer_set_close(set);
    return status;
}

/* The entry of a layout's index.json that goes by the tag, or the only one. */
static int choose_entry(const json_t *index, const char *tag, const char *what,
                        struct rb_descriptor *ret_descriptor, struct rb_err *err)
{
    const json_t *entries = json_object_get(index, "manifests"), *entry, *found = NULL;
    size_t i;
    json_array_foreach(entries, i, entry)
    {
        const char *name = rb_json_get_string(json_object_get(entry, "annotations"),
                                              "org.opencontainers.image.ref.name", NULL);
        if (tag == NULL || rb_text_equal(name, tag))
            found = entry;
    }
    if (tag == NULL && json_array_size(entries) > 1)
        return rb_err_set(err, RB_EINVALID, "%s holds %zu images: name one as oci:FOLDER:TAG", what,
                          json_array_size(entries));
    if (found == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no image%s%s", what,
                          tag == NULL ? "" : " with the tag ", tag == NULL ? "" : tag);
    return rb_descriptor_read(found, what, ret_descriptor, err);
}

/* From the entry to the manifest of the platform: an index is followed once. */
static int read_layout(struct layer_set *set, const char *tag, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index.json", set->folder);
    RB_CLEANUP_JSON json_t *index = NULL;
    RB_CLEANUP_JSON json_t *document = NULL;
    struct rb_descriptor descriptor = {0};
    bool is_index = false;
    int status = rb_json_read_file(path, DOCUMENT_MAXIMUM, &index, err);
    if (status == 0)
        status = choose_entry(index, tag, path, &descriptor, err);
    if (status == 0)
        status = read_document(set, &descriptor, "the manifest", &document, err);
    if (status == 0)
        status = rb_manifest_is_index(document, descriptor.media_type, path, &is_index, err);
    if (status == 0 && is_index) {
        RB_CLEANUP_JSON json_t *platforms = rb_steal(&document);
        struct rb_platform platform = rb_platform_here();
        status = rb_index_choose(platforms, &platform, path, &descriptor, err);
        if (status == 0)
            status = read_document(set, &descriptor, "the manifest", &document, err);
    }
    if (status != 0)
        return status;
    memcpy(set->digest, descriptor.digest, sizeof(set->digest));
    return read_manifest(set, document, err);
}

/* The whole name where it is a folder, else what stands before its last ':'. */
static char *split_layout_name(const char *name, const char **ret_tag)
{
    struct stat status;
    const char *colon = strrchr(name, ':');
    *ret_tag = NULL;
    if (colon == NULL || (stat(name, &status) == 0 && S_ISDIR(status.st_mode)))
        return rb_strdup(name);
    *ret_tag = colon + 1;
    return rb_strndup(name, (size_t)(colon - name));
}

int layer_set_open_layout(struct layer_set *set, const char *name, struct rb_err *err)
{
    const char *tag;
    *set = (struct layer_set){.folder = split_layout_name(name, &tag)};
    int status = read_layout(set, tag, err);
    if (status != 0)
        layer_set_close(set);
    return status;
}

void layer_set_open_tar(struct layer_set *set, const char *path)
{
    *set = (struct layer_set){.tar = rb_strdup(path), .count = 1};
    set->entries = rb_calloc(1, sizeof(*set->entries));
}

void layer_set_close(struct layer_set *set)
{
    rb_reference_deinit(&set->reference);
    rb_free(set->folder);
    rb_free(set->tar);
    rb_free(set->entries);
    *set = (struct layer_set){0};
}
