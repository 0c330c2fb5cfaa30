/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ISA-L's inflate is some three times as quick as zlib's, and a scan is little else than inflating.
 * Between two members it may hold bytes of the next one, which are taken back before it starts
 * anew.
 */
#include "gunzip.h"

#include <isa-l/igzip_lib.h>
#include <string.h>

#include "rebake/base/memory.h"

enum { PIECE_BYTES = 128 * 1024, MAGIC_BYTES = 2 };
static const unsigned char MAGIC[MAGIC_BYTES] = {0x1f, 0x8b};

enum phase {
    PHASE_BETWEEN, /* a member ended, or none has begun */
    PHASE_WITHIN,
    PHASE_ENDED
};

struct gunzip {
    struct inflate_state state;
    enum phase phase;
    bool source_ended;
    unsigned char head[2 * sizeof(uint64_t)]; /* bytes that come before the piece at hand */
    size_t head_size;
    const unsigned char *piece;
    size_t piece_size;
    unsigned char out[PIECE_BYTES];
};

struct gunzip *gunzip_new(void)
{
    struct gunzip *gunzip = rb_zalloc(sizeof(*gunzip));
    gunzip->phase = PHASE_BETWEEN;
    return gunzip;
}

void gunzip_free(struct gunzip *gunzip)
{
    rb_free(gunzip);
}

bool gunzip_is_gzip(const void *data, size_t size)
{
    return size >= MAGIC_BYTES && memcmp(data, MAGIC, MAGIC_BYTES) == 0;
}

void gunzip_feed(struct gunzip *gunzip, const void *data, size_t size)
{
    RB_ASSERT(gunzip->piece_size == 0);
    gunzip->piece = data;
    gunzip->piece_size = size;
    gunzip->source_ended = size == 0;
}

/* The bytes that inflate took in but has no use for go back before the piece. */
static void take_back(struct gunzip *gunzip)
{
    uint64_t bits = gunzip->state.read_in >> (gunzip->state.read_in_length % 8);
    size_t count = (size_t)gunzip->state.read_in_length / 8;
    memmove(gunzip->head + count, gunzip->head, gunzip->head_size);
    for (size_t i = 0; i < count; i++)
        gunzip->head[i] = (unsigned char)(bits >> (8 * i));
    gunzip->head_size += count;
}

/* Begins a member once its magic is there; true when inflate has something to do. */
static bool begin_member(struct gunzip *gunzip)
{
    while (gunzip->head_size < MAGIC_BYTES && gunzip->piece_size > 0) {
        gunzip->head[gunzip->head_size++] = *gunzip->piece++;
        gunzip->piece_size--;
    }
    if (gunzip->head_size < MAGIC_BYTES && !gunzip->source_ended)
        return false;
    if (!gunzip_is_gzip(gunzip->head, gunzip->head_size)) {
        gunzip->phase = PHASE_ENDED;
        return false;
    }
    isal_inflate_init(&gunzip->state);
    gunzip->state.crc_flag = ISAL_GZIP;
    gunzip->phase = PHASE_WITHIN;
    return true;
}

static int explain(int status, struct rb_err *err)
{
    if (status == ISAL_INCORRECT_CHECKSUM)
        return rb_err_set(err, RB_EINVALID, "its checksum is not that of its content");
    if (status == ISAL_INVALID_WRAPPER || status == ISAL_UNSUPPORTED_METHOD)
        return rb_err_set(err, RB_EINVALID, "it has no good header of gzip's");
    return rb_err_set(err, RB_EINVALID, "its compressed data are broken");
}

/* Inflates from one stretch of memory as far as it goes; says how much is left of it. What ISA-L
   says of that is not to be trusted once the data are broken: it may be less than nothing. */
static int inflate_from(struct gunzip *gunzip, const unsigned char *data, size_t size,
                        size_t *ret_left, struct rb_err *err)
{
    gunzip->state.next_in = (uint8_t *)(uintptr_t)data;
    gunzip->state.avail_in = (uint32_t)size;
    int status = isal_inflate(&gunzip->state);
    bool is_good = status >= 0 && gunzip->state.avail_in <= size;
    *ret_left = is_good ? gunzip->state.avail_in : size;
    return is_good ? 0 : explain(status, err);
}

static int inflate_more(struct gunzip *gunzip, struct rb_err *err)
{
    size_t left;
    int status;
    if (gunzip->head_size > 0) {
        status = inflate_from(gunzip, gunzip->head, gunzip->head_size, &left, err);
        memmove(gunzip->head, gunzip->head + (gunzip->head_size - left), left);
        gunzip->head_size = left;
        return status;
    }
    size_t size = gunzip->piece_size < UINT32_MAX ? gunzip->piece_size : UINT32_MAX;
    status = inflate_from(gunzip, gunzip->piece, size, &left, err);
    gunzip->piece += size - left;
    gunzip->piece_size -= size - left;
    return status;
}

/* One call of inflate. */
static int step(struct gunzip *gunzip, struct rb_err *err)
{
    gunzip->state.next_out = gunzip->out;
    gunzip->state.avail_out = PIECE_BYTES;
    int status = inflate_more(gunzip, err);
    if (status == 0 && gunzip->state.block_state == ISAL_BLOCK_FINISH) {
        take_back(gunzip);
        gunzip->phase = PHASE_BETWEEN;
    }
    return status;
}

int gunzip_read(struct gunzip *gunzip, const void **ret_data, size_t *ret_size, bool *ret_ended,
                struct rb_err *err)
{
    *ret_data = gunzip->out;
    *ret_size = 0;
    *ret_ended = false;
    for (;;) {
        if (gunzip->phase == PHASE_BETWEEN && !begin_member(gunzip)) {
            *ret_ended = gunzip->phase == PHASE_ENDED;
            return 0;
        }
        size_t before = gunzip->head_size + gunzip->piece_size;
        int status = step(gunzip, err);
        *ret_size = PIECE_BYTES - gunzip->state.avail_out;
        if (status != 0 || *ret_size > 0)
            return status;
        bool is_stuck =
            gunzip->phase == PHASE_WITHIN && gunzip->head_size + gunzip->piece_size == before;
        if (is_stuck && gunzip->source_ended)
            return rb_err_set(err, RB_EINVALID, "it ends early");
        if (gunzip->phase == PHASE_WITHIN && gunzip->head_size + gunzip->piece_size == 0 &&
            !gunzip->source_ended)
            return 0;
        if (is_stuck)
            return rb_err_set(err, RB_EINVALID, "its compressed data are broken");
    }
}
