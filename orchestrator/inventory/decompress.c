/* SPDX-License-Identifier: Apache-2.0 */
#define ZLIB_CONST

#include <bzlib.h>
#include <lzma.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/decompress.h"

enum {
    PIECE = 256 * 1024,
    XZ_MEMORY_MAX = 256 << 20, /* xz -9 needs 65 MiB */
    ZSTD_WINDOW_LOG_MAX = 27   /* 128 MiB, as the zstd program allows without being asked */
};

/* What comes out, counted. */
struct output {
    unsigned char *piece;
    uint64_t left; /* how much more may come */
    rb_decompress_sink *sink;
    void *context;
};

static int give(struct output *output, const void *data, size_t size, struct rb_err *err)
{
    if (size > output->left)
        return rb_err_set(err, RB_ELIMIT, "larger than expected when unpacked");
    output->left -= size;
    return size == 0 ? 0 : output->sink(output->context, data, size, err);
}

static int unpack_xz(const void *data, size_t size, struct output *output, struct rb_err *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_ret result = lzma_stream_decoder(&stream, XZ_MEMORY_MAX, LZMA_CONCATENATED);
    stream.next_in = data;
    stream.avail_in = size;
    int status = 0;
    while (status == 0 && result == LZMA_OK) {
        stream.next_out = output->piece;
        stream.avail_out = PIECE;
        result = lzma_code(&stream, LZMA_FINISH);
        status = give(output, output->piece, PIECE - stream.avail_out, err);
    }
    lzma_end(&stream);
    if (status != 0 || result == LZMA_STREAM_END)
        return status;
    if (result == LZMA_MEMLIMIT_ERROR)
        return rb_err_set(err, RB_ELIMIT, "xz: needs more than %d MiB to unpack",
                          XZ_MEMORY_MAX >> 20);
    return rb_err_set(err, RB_EINVALID, "xz: %s",
                      result == LZMA_BUF_ERROR ? "ends too early" : "broken data");
}

static int unpack_gzip(const void *data, size_t size, struct output *output, struct rb_err *err)
{
    if (size > UINT32_MAX)
        return rb_err_set(err, RB_ELIMIT, "gzip: larger than 4 GiB");
    z_stream stream = {.next_in = data, .avail_in = (uInt)size};
    RB_ASSERT(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
    int status = 0, result = Z_OK;
    while (status == 0 && result == Z_OK) {
        stream.next_out = output->piece;
        stream.avail_out = PIECE;
        result = inflate(&stream, Z_NO_FLUSH);
        status = give(output, output->piece, PIECE - stream.avail_out, err);
        /* RFC 1952 section 2.2: a file may be several members, one behind the other. */
        if (result == Z_STREAM_END && stream.avail_in > 0)
            result = inflateReset(&stream);
    }
    inflateEnd(&stream);
    if (status != 0 || result == Z_STREAM_END)
        return status;
    return rb_err_set(err, RB_EINVALID, "gzip: %s",
                      result == Z_BUF_ERROR ? "ends too early" : "broken data");
}

static int unpack_zstd(const void *data, size_t size, struct output *output, struct rb_err *err)
{
    ZSTD_DCtx *decoder = ZSTD_createDCtx();
    RB_ASSERT(decoder != NULL);
    (void)ZSTD_DCtx_setParameter(decoder, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
    ZSTD_inBuffer in = {.src = data, .size = size};
    int status = 0;
    size_t hint = 1; /* 0: a frame has ended and all of it came out */
    for (;;) {
        ZSTD_outBuffer out = {.dst = output->piece, .size = PIECE};
        hint = ZSTD_decompressStream(decoder, &out, &in);
        if (ZSTD_isError(hint)) {
            status = rb_err_set(err, RB_EINVALID, "zstd: %s", ZSTD_getErrorName(hint));
            break;
        }
        status = give(output, output->piece, out.pos, err);
        if (status != 0 || (in.pos == size && (hint == 0 || out.pos < PIECE)))
            break;
    }
    (void)ZSTD_freeDCtx(decoder);
    if (status == 0 && hint != 0)
        status = rb_err_set(err, RB_EINVALID, "zstd: ends too early");
    return status;
}

static int unpack_bzip2(const void *data, size_t size, struct output *output, struct rb_err *err)
{
    if (size > UINT32_MAX)
        return rb_err_set(err, RB_ELIMIT, "bzip2: larger than 4 GiB");
    bz_stream stream = {.next_in = (char *)(uintptr_t)data, .avail_in = (unsigned)size};
    RB_ASSERT(BZ2_bzDecompressInit(&stream, 0, 0) == BZ_OK);
    int status = 0, result = BZ_OK;
    bool is_stuck = false;
    while (status == 0 && result == BZ_OK && !is_stuck) {
        unsigned left = stream.avail_in;
        stream.next_out = (char *)output->piece;
        stream.avail_out = PIECE;
        result = BZ2_bzDecompress(&stream);
        is_stuck = stream.avail_in == left && stream.avail_out == PIECE;
        status = give(output, output->piece, PIECE - stream.avail_out, err);
        /* bzip2 packs several files into one by putting them behind each other, as gzip does. */
        if (result == BZ_STREAM_END && stream.avail_in > 0) {
            bz_stream next = {.next_in = stream.next_in, .avail_in = stream.avail_in};
            (void)BZ2_bzDecompressEnd(&stream);
            stream = next;
            result = BZ2_bzDecompressInit(&stream, 0, 0);
        }
    }
    (void)BZ2_bzDecompressEnd(&stream);
    if (status != 0 || result == BZ_STREAM_END)
        return status;
    return rb_err_set(err, RB_EINVALID, "bzip2: %s", is_stuck ? "ends too early" : "broken data");
}

static int unpack_plain(const void *data, size_t size, struct output *output, struct rb_err *err)
{
    return give(output, data, size, err);
}

static const struct {
    const char *magic;
    size_t magic_size;
    int (*unpack)(const void *data, size_t size, struct output *output, struct rb_err *err);
} formats[] = {
    {"\xfd"
     "7zXZ\0",
     6, unpack_xz},
    {"\x1f\x8b", 2, unpack_gzip},
    {"\x28\xb5\x2f\xfd", 4, unpack_zstd},
    {"BZh", 3, unpack_bzip2},
    {"", 0, unpack_plain},
};

static size_t find_format(const void *data, size_t size)
{
    size_t format = 0;
    while (size < formats[format].magic_size ||
           memcmp(data, formats[format].magic, formats[format].magic_size) != 0)
        format++;
    return format;
}

bool rb_is_compressed(const void *data, size_t size)
{
    return formats[find_format(data, size)].unpack != unpack_plain;
}

int rb_decompress(const void *data, size_t size, uint64_t maximum, rb_decompress_sink *sink,
                  void *context, struct rb_err *err)
{
    RB_CLEANUP_FREE unsigned char *piece = rb_alloc(PIECE);
    struct output output = {.piece = piece, .left = maximum, .sink = sink, .context = context};
    return formats[find_format(data, size)].unpack(data, size, &output, err);
}
