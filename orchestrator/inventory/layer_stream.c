/* SPDX-License-Identifier: Apache-2.0 */
#include "layer_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

#include "gunzip.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"

/* A gzip file unpacks to at most 1032 times its size; no real layer comes near. Small ones may. */
static const uint64_t RATIO_MAXIMUM = 1100, RATIO_FROM_BYTES = UINT64_C(256) << 20;

struct layer_stream {
    struct layer_source source;
    const char *diff_id;
    struct gunzip *gunzip;    /* for gzip; for all else: */
    struct archive *unpacker; /* which begins with the piece that told so */
    const void *first;
    size_t first_size;
    struct rb_sha256 *hash;
    struct rb_err source_err; /* what the source failed with, behind libarchive's back */
    uint64_t packed_bytes;
    uint64_t unpacked_bytes;
    uint64_t maximum; /* of unpacked_bytes */
    bool source_ended;
    bool ended;
};

static int read_source(struct layer_stream *stream, const void **ret_data, size_t *ret_size,
                       struct rb_err *err)
{
    *ret_size = 0;
    int status = stream->source.read(stream->source.context, ret_data, ret_size, err);
    stream->source_ended = status == 0 && *ret_size == 0;
    stream->packed_bytes += *ret_size;
    return status;
}

static la_ssize_t read_packed(struct archive *archive, void *context, const void **buffer)
{
    struct layer_stream *stream = context;
    size_t size = stream->first_size;
    *buffer = stream->first;
    stream->first_size = 0;
    if (size == 0 && !stream->source_ended &&
        read_source(stream, buffer, &size, &stream->source_err) != 0) {
        archive_set_error(archive, EIO, "the source failed");
        return -1;
    }
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
        int status = read_source(stream, &data, &size, err);
        if (status != 0)
            return status;
    }
    return 0;
}

static int unpacker_error(struct layer_stream *stream, const char *text, struct rb_err *err)
{
    int status = layer_stream_check_source(stream, err);
    return status != 0 ? status
                       : rb_err_set(err, RB_EINVALID, "the layer cannot be unpacked: %s",
                                    text == NULL ? "it is broken" : text);
}

/* As one stretch of bytes, whatever it was packed by. */
static int open_archive(struct layer_stream *stream, struct rb_err *err)
{
    struct archive_entry *entry;
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
    stream->ended = status == ARCHIVE_EOF;
    return stream->ended || status >= ARCHIVE_WARN
               ? 0
               : unpacker_error(stream, archive_error_string(stream->unpacker), err);
}

static int open_unpacker(struct layer_stream *stream, struct rb_err *err)
{
    int status = read_source(stream, &stream->first, &stream->first_size, err);
    if (status != 0)
        return status;
    if (!gunzip_is_gzip(stream->first, stream->first_size))
        return open_archive(stream, err);
    stream->gunzip = gunzip_new();
    gunzip_feed(stream->gunzip, stream->first, stream->first_size);
    return 0;
}

int layer_stream_open(const struct layer_source *source, const char *diff_id, uint64_t maximum,
                      struct layer_stream **ret_stream, struct rb_err *err)
{
    struct layer_stream *stream = rb_zalloc(sizeof(*stream));
    stream->source = *source;
    stream->diff_id = diff_id;
    stream->maximum = maximum;
    stream->hash = rb_sha256_new();
    int status = open_unpacker(stream, err);
    if (status != 0)
        layer_stream_free(stream);
    else
        *ret_stream = stream;
    return status;
}

void layer_stream_free(struct layer_stream *stream)
{
    if (stream == NULL)
        return;
    (void)archive_read_free(stream->unpacker);
    gunzip_free(stream->gunzip);
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

static int read_archive(struct layer_stream *stream, const void **ret_data, size_t *ret_size,
                        struct rb_err *err)
{
    la_int64_t offset;
    int status = archive_read_data_block(stream->unpacker, ret_data, ret_size, &offset);
    stream->ended = status == ARCHIVE_EOF;
    return status >= ARCHIVE_WARN
               ? 0
               : unpacker_error(stream, archive_error_string(stream->unpacker), err);
}

static int read_gzip(struct layer_stream *stream, const void **ret_data, size_t *ret_size,
                     struct rb_err *err)
{
    struct rb_err cause;
    if (gunzip_read(stream->gunzip, ret_data, ret_size, &stream->ended, &cause) != 0)
        return unpacker_error(stream, cause.text, err);
    if (*ret_size > 0 || stream->ended)
        return 0;
    const void *piece;
    size_t size;
    int status = read_source(stream, &piece, &size, err);
    if (status == 0)
        gunzip_feed(stream->gunzip, piece, size);
    return status;
}

int layer_stream_read(struct layer_stream *stream, const void **ret_data, size_t *ret_size,
                      struct rb_err *err)
{
    *ret_size = 0;
    while (!stream->ended) {
        int status = stream->gunzip != NULL ? read_gzip(stream, ret_data, ret_size, err)
                                            : read_archive(stream, ret_data, ret_size, err);
        if (status != 0)
            return status;
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
