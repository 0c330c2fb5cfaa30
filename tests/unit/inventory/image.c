/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"

enum { LARGEST = 64 << 20 };

struct image *image_new(void)
{
    struct image *image = rb_zalloc(sizeof(*image));
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-image-", &image->folder, NULL), 0);
    RB_CLEANUP_FREE char *blobs = rb_asprintf("%s/blobs/sha256", image->folder);
    assert_int_equal(rb_folder_make(blobs, 0700, NULL), 0);
    image->layers = rb_json_array();
    image->diff_ids = rb_json_array();
    return image;
}

void image_free(struct image *image)
{
    assert_int_equal(rb_tree_remove(image->folder, NULL), 0);
    json_decref(image->layers);
    json_decref(image->diff_ids);
    rb_free(image->folder);
    rb_free(image);
}

void image_cleanup(struct image **image)
{
    image_free(*image);
}

static la_ssize_t take_tar(struct archive *archive, void *context, const void *data, size_t size)
{
    (void)archive;
    assert_true(rb_strbuf_append(context, data, size));
    return (la_ssize_t)size;
}

static void write_entry(struct archive *archive, const struct entry *entry)
{
    struct archive_entry *header = archive_entry_new();
    size_t size = entry->kind == FILE_ ? strlen(entry->text) : 0;
    static const unsigned TYPES[] = {[FILE_] = AE_IFREG,
                                     [FOLDER] = AE_IFDIR,
                                     [SYMLINK] = AE_IFLNK,
                                     [HARDLINK] = AE_IFREG,
                                     [FIFO] = AE_IFIFO};
    archive_entry_set_pathname(header, entry->path);
    archive_entry_set_filetype(header, TYPES[entry->kind]);
    archive_entry_set_perm(header, 0644);
    archive_entry_set_size(header, (la_int64_t)size);
    if (entry->kind == SYMLINK)
        archive_entry_set_symlink(header, entry->text);
    if (entry->kind == HARDLINK)
        archive_entry_set_hardlink(header, entry->text);
    assert_int_equal(archive_write_header(archive, header), ARCHIVE_OK);
    if (size > 0)
        assert_int_equal(archive_write_data(archive, entry->text, size), size);
    archive_entry_free(header);
}

struct rb_strbuf tar_of(const struct entry *entries)
{
    struct rb_strbuf tar = RB_STRBUF_INIT(LARGEST);
    struct archive *archive = archive_write_new();
    assert_int_equal(archive_write_set_format_pax_restricted(archive), ARCHIVE_OK);
    assert_int_equal(archive_write_open(archive, &tar, NULL, take_tar, NULL), ARCHIVE_OK);
    for (; entries->kind != END; entries++)
        write_entry(archive, entries);
    assert_int_equal(archive_write_close(archive), ARCHIVE_OK);
    (void)archive_write_free(archive);
    return tar;
}

static size_t pack_gzip(const struct rb_strbuf *plain, uint8_t *out, size_t room)
{
    z_stream stream = {.next_in = (uint8_t *)plain->data,
                       .avail_in = (uInt)plain->size,
                       .next_out = out,
                       .avail_out = (uInt)room};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t size = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return size;
}

static size_t pack_xz(const struct rb_strbuf *plain, uint8_t *out, size_t room)
{
    size_t size = 0;
    assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL,
                                             (const uint8_t *)plain->data, plain->size, out, &size,
                                             room),
                     LZMA_OK);
    return size;
}

struct rb_strbuf pack(const struct rb_strbuf *plain, enum packing packing)
{
    struct rb_strbuf packed = RB_STRBUF_INIT(LARGEST);
    size_t room = plain->size + plain->size / 8 + 4096, size = plain->size;
    RB_CLEANUP_FREE uint8_t *out = rb_alloc(room);
    switch (packing) {
    case PLAIN:
        memcpy(out, plain->data, size);
        break;
    case GZIP:
        size = pack_gzip(plain, out, room);
        break;
    case ZSTD:
        size = ZSTD_compress(out, room, plain->data, plain->size, 3);
        assert_false(ZSTD_isError(size));
        break;
    case XZ:
        size = pack_xz(plain, out, room);
        break;
    }
    assert_true(rb_strbuf_append(&packed, out, size));
    return packed;
}

json_t *image_write_blob(struct image *image, const void *data, size_t size)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *path =
        rb_asprintf("%s/blobs/sha256/%s", image->folder, rb_sha256_of(data, size, hex));
    RB_CLEANUP_FREE char *digest = rb_asprintf("sha256:%s", hex);
    json_t *descriptor = rb_json_object();
    assert_int_equal(rb_file_write_atomic(path, data, size, 0600, NULL), 0);
    rb_json_set_string(descriptor, "digest", digest);
    rb_json_set_integer(descriptor, "size", (int64_t)size);
    return descriptor;
}

void image_add_blob(struct image *image, const void *data, size_t size, const char *diff_id)
{
    rb_json_append(image->layers, image_write_blob(image, data, size));
    rb_json_append_string(image->diff_ids, diff_id);
}

void image_add(struct image *image, const struct entry *entries, enum packing packing,
               enum flaw flaw)
{
    static const char GARBAGE[1024] = "what is this?";
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf tar = tar_of(entries);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf blob = pack(&tar, packing);
    char hex[RB_SHA256_HEX_SIZE], diff_id[RB_DIGEST_SIZE];
    (void)snprintf(diff_id, sizeof(diff_id), "sha256:%s", rb_sha256_of(tar.data, tar.size, hex));
    if (flaw == WRONG_DIFF_ID)
        diff_id[20] = diff_id[20] == '0' ? '1' : '0';
    if (flaw == TRAILING)
        assert_true(rb_strbuf_append(&blob, GARBAGE, sizeof(GARBAGE)));
    image_add_blob(image, blob.data, flaw == TRUNCATED ? blob.size / 2 : blob.size, diff_id);
    if (flaw == WRONG_DIGEST) {
        json_t *layer = json_array_get(image->layers, json_array_size(image->layers) - 1);
        RB_CLEANUP_FREE char *path =
            rb_asprintf("%s/blobs/sha256/%s", image->folder,
                        rb_json_get_string(layer, "digest", "") + strlen("sha256:"));
        blob.data[blob.size / 2] ^= 1;
        assert_int_equal(rb_file_write_atomic(path, blob.data, blob.size, 0600, NULL), 0);
    }
}

static json_t *write_json(struct image *image, const json_t *json)
{
    RB_CLEANUP_FREE char *text = rb_json_canonical(json);
    return image_write_blob(image, text, strlen(text));
}

void image_write_index(struct image *image, const char *text)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index.json", image->folder);
    assert_int_equal(rb_file_write_atomic(path, text, strlen(text), 0600, NULL), 0);
}

/* Puts the manifest into the layout's index, beside those that are there. */
static void add_to_index(struct image *image, json_t *descriptor, const char *tag)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index.json", image->folder);
    RB_CLEANUP_JSON json_t *index = NULL;
    if (rb_json_read_file(path, 1 << 20, &index, NULL) != 0) {
        index = rb_json_object();
        rb_json_set(index, "manifests", rb_json_array());
    }
    if (tag != NULL) {
        json_t *annotations = rb_json_object();
        rb_json_set_string(annotations, "org.opencontainers.image.ref.name", tag);
        rb_json_set(descriptor, "annotations", annotations);
    }
    rb_json_append(json_object_get(index, "manifests"), descriptor);
    RB_CLEANUP_FREE char *text = rb_json_canonical(index);
    image_write_index(image, text);
}

void image_tag(struct image *image, const char *tag)
{
    RB_CLEANUP_JSON json_t *config = rb_json_object();
    RB_CLEANUP_JSON json_t *manifest = rb_json_object();
    json_t *rootfs = rb_json_object();
    rb_json_set(rootfs, "diff_ids", json_incref(image->diff_ids));
    rb_json_set(config, "rootfs", rootfs);
    rb_json_set_integer(manifest, "schemaVersion", 2);
    rb_json_set(manifest, "config", write_json(image, config));
    rb_json_set(manifest, "layers", json_incref(image->layers));
    json_t *descriptor = write_json(image, manifest);
    (void)snprintf(image->manifest_digest, sizeof(image->manifest_digest), "%s",
                   rb_json_get_string(descriptor, "digest", ""));
    rb_json_set_string(descriptor, "mediaType", "application/vnd.oci.image.manifest.v1+json");
    add_to_index(image, descriptor, tag);
}
