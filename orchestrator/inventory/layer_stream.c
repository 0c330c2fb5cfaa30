/* SPDX-License-Identifier: Apache-2.0 */
#include "layer_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"

/* A gzip file unpacks to at most 1032 times its size; no real layer comes near. Small ones may. */
static const uint64_t RATIO_MAXIMUM = 1100, RATIO_FROM_BYTES = UINT64_C(256) << 20;

struct layer_stream {
    struct layer_source source;
    const char *diff_id;
    struct archive *unpacker;
    struct rb_sha256 *hash;
    struct rb_err source_err; /* what the source failed with, behind libarchive's back */
    uint64_t packed_bytes;
    uint64_t unpacked_bytes;
    uint64_t maximum; /* of unpacked_bytes */
    bool source_ended;
    bool ended;
};

static la_ssize_t read_packed(struct archive *archive, void *context, const void **buffer)
{
    struct layer_stream *stream = context;
    size_t size = 0;
    if (stream->source.read(stream->source.context, buffer, &size, &stream->source_err) != 0) {
        archive_set_error(archive, EIO, "the source failed");
        return -1;
    }
    stream->source_ended = size == 0;
    stream->packed_bytes += size;
    return (la_ssize_t)size;
}

/* Behind the end of what was compressed there may be more bytes, which the digest covers too. */
int layer_stream_check_source(struct layer_stream *stream, struct rb_err *err)
{
    if (stream->source_err.code != RB_OK)
        return rb_err_copy(err, &stream->source_err);
    while (!stream->source_ended) {
        const void *data;
        size_t size;
        int status = stream->source.read(stream->source.context, &data, &size, err);
        if (status != 0)
            return status;
        stream->source_ended = size == 0;
    }
    return 0;
}

static int unpacker_error(struct layer_stream *stream, struct rb_err *err)
{
    int status = layer_stream_check_source(stream, err);
    if (status != 0)
        return status;
    const char *text = archive_error_string(stream->unpacker);
    return rb_err_set(err, RB_EINVALID, "the layer cannot be unpacked: %s",
                      text == NULL ? "it is broken" : text);
}

int layer_stream_open(const struct layer_source *source, const char *diff_id, uint64_t maximum,
                      struct layer_stream **ret_stream, struct rb_err *err)
{
    struct layer_stream *stream = rb_zalloc(sizeof(*stream));
    struct archive_entry *entry;
    stream->source = *source;
    stream->diff_id = diff_id;
    stream->maximum = maximum;
    stream->hash = rb_sha256_new();
    stream->unpacker = archive_read_new();
    RB_ASSERT(stream->unpacker != NULL);
    (void)archive_read_support_filter_gzip(stream->unpacker);
    (void)archive_read_support_filter_zstd(stream->unpacker);
    (void)archive_read_support_filter_xz(stream->unpacker);
    (void)archive_read_support_format_raw(stream->unpacker);
    (void)archive_read_support_format_empty(stream->unpacker);
    int status = archive_read_open(stream->unpacker, stream, NULL, read_packed, NULL);
    if (status == ARCHIVE_OK)
        status = archive_read_next_header(stream->unpacker, &entry);
    if (status == ARCHIVE_EOF) {
        stream->ended = true;
    } else if (status < ARCHIVE_WARN) {
        int code = unpacker_error(stream, err);
        layer_stream_free(stream);
        return code;
    }
    *ret_stream = stream;
    return 0;
}

void layer_stream_free(struct layer_stream *stream)
{
    if (stream == NULL)
        return;
    (void)archive_read_free(stream->unpacker);
    rb_sha256_free(stream->hash);
    rb_free(stream);
}

void layer_stream_cleanup(struct layer_stream **stream)
{
    layer_stream_free(*stream);
}

static int check_growth(const struct layer_stream *stream, struct rb_err *err)
{
    if (stream->unpacked_bytes > stream->maximum)
        return rb_err_set(err, RB_ELIMIT, "it unpacks to more bytes than we read of an image");
    if (stream->unpacked_bytes > RATIO_FROM_BYTES &&
        stream->unpacked_bytes / RATIO_MAXIMUM > stream->packed_bytes)
        return rb_err_set(err, RB_ELIMIT,
                          "the layer unpacks to more than %llu times its size: refused",
                          (unsigned long long)RATIO_MAXIMUM);
    return 0;
}

int layer_stream_read(struct layer_stream *stream, const void **ret_data, size_t *ret_size,
                      struct rb_err *err)
{
    la_int64_t offset;
    *ret_size = 0;
    while (!stream->ended) {
        int status = archive_read_data_block(stream->unpacker, ret_data, ret_size, &offset);
        stream->ended = status == ARCHIVE_EOF;
        if (status < ARCHIVE_WARN)
            return unpacker_error(stream, err);
        if (*ret_size == 0)
            continue;
        rb_sha256_update(stream->hash, *ret_data, *ret_size);
        stream->unpacked_bytes += *ret_size;
        return check_growth(stream, err);
    }
    return 0;
}

int layer_stream_finish(struct layer_stream *stream, struct rb_err *err)
{
    const void *data;
    size_t size;
    do {
        int status = layer_stream_read(stream, &data, &size, err);
        if (status != 0)
            return status;
    } while (size > 0);
    int status = layer_stream_check_source(stream, err);
    if (status != 0 || stream->diff_id == NULL)
        return status;
    char hex[RB_SHA256_HEX_SIZE];
    rb_sha256_hex(stream->hash, hex);
    if (strcmp(stream->diff_id + strlen("sha256:"), hex) != 0)
        return rb_err_set(err, RB_EVERIFY,
                          "the layer unpacks to sha256:%s, the image's config says %s", hex,
                          stream->diff_id);
    return 0;
}

uint64_t layer_stream_size(const struct layer_stream *stream)
{
    return stream->unpacked_bytes;
}
