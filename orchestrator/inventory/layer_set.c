/* SPDX-License-Identifier: Apache-2.0 */
/* What describes an image (image-spec v1.1 manifest.md, config.md, image-layout.md; for docker's
   archives moby's image/spec/v1.2.md): index, manifest and config, each checked against its digest
   before it is believed, where there is one. */
#include "layer_set.h"

#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { DOCUMENT_MAXIMUM = 8 * 1024 * 1024 };

/* A small entry whole. */
static int read_entry(const struct layer_set *set, struct layer_entry entry, const char *what,
                      json_t **ret_json, struct rb_err *err)
{
    struct layer_set one = *set;
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

/* A config, or in a layout also a manifest. */
static int read_document(const struct layer_set *set, const struct rb_descriptor *descriptor,
                         const char *what, json_t **ret_json, struct rb_err *err)
{
    return read_entry(set, (struct layer_entry){.blob = *descriptor}, what, ret_json, err);
}

/* A document of an archive that no digest speaks of. */
static int read_member(const struct layer_set *set, const char *name, json_t **ret_json,
                       struct rb_err *err)
{
    const struct tar_member *member = tar_index_find(set->archive, name);
    RB_CLEANUP_FREE char *what = rb_asprintf("%s: %s", tar_index_path(set->archive), name);
    if (member == NULL)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no %s", tar_index_path(set->archive), name);
    return read_entry(set, (struct layer_entry){.member = member}, what, ret_json, err);
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

static int read_layout_index(const struct layer_set *set, const char *path, json_t **ret_json,
                             struct rb_err *err)
{
    return set->archive != NULL ? read_member(set, "index.json", ret_json, err)
                                : rb_json_read_file(path, DOCUMENT_MAXIMUM, ret_json, err);
}

/* From the entry to the manifest of the platform: an index is followed once. */
static int read_layout(struct layer_set *set, const char *tag, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf(
        "%s/index.json", set->archive != NULL ? tar_index_path(set->archive) : set->folder);
    RB_CLEANUP_JSON json_t *index = NULL;
    RB_CLEANUP_JSON json_t *document = NULL;
    struct rb_descriptor descriptor = {0};
    bool is_index = false;
    int status = read_layout_index(set, path, &index, err);
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

/* The whole name where it is there, else what stands before a ':' and is, else before the last one:
   a tag may have a ':' of its own. The caller frees it. */
static char *split_name(const char *name, mode_t kind, const char **ret_tag)
{
    const char *last = strrchr(name, ':');
    size_t size = strlen(name);
    for (const char *colon = name + size; colon != NULL; colon = memrchr(name, ':', size)) {
        struct stat status;
        size = (size_t)(colon - name);
        RB_CLEANUP_FREE char *path = rb_strndup(name, size);
        if (stat(path, &status) == 0 && (status.st_mode & S_IFMT) == kind) {
            *ret_tag = *colon == '\0' ? NULL : colon + 1;
            return rb_steal(&path);
        }
    }
    *ret_tag = last == NULL ? NULL : last + 1;
    return last == NULL ? rb_strdup(name) : rb_strndup(name, (size_t)(last - name));
}

int layer_set_open_layout(struct layer_set *set, const char *name, struct rb_err *err)
{
    const char *tag;
    *set = (struct layer_set){.folder = split_name(name, S_IFDIR, &tag)};
    int status = read_layout(set, tag, err);
    if (status != 0)
        layer_set_close(set);
    return status;
}

static int open_archive(struct layer_set *set, const char *name, const char **ret_tag,
                        struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = split_name(name, S_IFREG, ret_tag);
    *set = (struct layer_set){0};
    return tar_index_open(path, &set->archive, err);
}

int layer_set_open_layout_archive(struct layer_set *set, const char *name, struct rb_err *err)
{
    const char *tag;
    int status = open_archive(set, name, &tag, err);
    if (status == 0)
        status = read_layout(set, tag, err);
    if (status != 0)
        layer_set_close(set);
    return status;
}

/* "registry.example.com/shop/app:1" goes by that name, or by "1". */
static bool goes_by(const json_t *image, const char *tag)
{
    const json_t *names = json_object_get(image, "RepoTags"), *item;
    size_t i;
    json_array_foreach(names, i, item)
    {
        const char *name = json_string_value(item);
        const char *colon = name == NULL ? NULL : strrchr(name, ':');
        if (rb_text_equal(name, tag) || (colon != NULL && strcmp(colon + 1, tag) == 0))
            return true;
    }
    return false;
}

static int choose_saved(const json_t *images, const char *tag, const char *path,
                        const json_t **ret_image, struct rb_err *err)
{
    const json_t *image, *found = NULL;
    size_t i, count = 0;
    json_array_foreach(images, i, image)
    {
        if (tag != NULL && !goes_by(image, tag))
            continue;
        found = image;
        count++;
    }
    if (count > 1)
        return rb_err_set(err, RB_EINVALID,
                          "%s holds %zu images%s: name one as docker-archive:FILE:NAME:TAG", path,
                          count, tag == NULL ? "" : " with that tag");
    if (count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no image%s%s", path,
                          tag == NULL ? "" : " with the tag ", tag == NULL ? "" : tag);
    *ret_image = found;
    return 0;
}

/* The names of members that an image of manifest.json has, the bottom layer first. Layers are not
   named by what they are: the config's diff_ids tell. */
static int take_saved(struct layer_set *set, const json_t *image, struct rb_err *err)
{
    const json_t *layers = json_object_get(image, "Layers");
    const char *config, *path = tar_index_path(set->archive);
    set->count = json_array_size(layers);
    if (set->count > LAYERS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "the image has more than %d layers", LAYERS_MAXIMUM);
    set->entries = rb_calloc(set->count, sizeof(*set->entries));
    for (size_t i = 0; i < set->count; i++) {
        const char *name = json_string_value(json_array_get(layers, i));
        set->entries[i].member = name == NULL ? NULL : tar_index_find(set->archive, name);
        if (set->entries[i].member == NULL)
            return rb_err_set(err, RB_ENOTFOUND, "%s has no layer %s", path,
                              name == NULL ? "without a name" : name);
    }
    RB_CLEANUP_JSON json_t *document = NULL;
    int status = rb_json_want_string(image, "manifest.json", "Config", &config, err);
    if (status == 0)
        status = read_member(set, config, &document, err);
    return status == 0 ? read_diff_ids(set, document, err) : status;
}

int layer_set_open_docker_archive(struct layer_set *set, const char *name, struct rb_err *err)
{
    const char *tag;
    const json_t *image = NULL;
    RB_CLEANUP_JSON json_t *images = NULL;
    int status = open_archive(set, name, &tag, err);
    if (status == 0)
        status = read_member(set, "manifest.json", &images, err);
    if (status == 0)
        status = choose_saved(images, tag, tar_index_path(set->archive), &image, err);
    if (status == 0)
        status = take_saved(set, image, err);
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
    tar_index_free(set->archive);
    rb_free(set->tar);
    rb_free(set->entries);
    *set = (struct layer_set){0};
}
