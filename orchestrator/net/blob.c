/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A blob as a stream for a reader that blocks. What the network brings is queued in pieces; the
 * flow is paused while the queue is full and goes on when the reader has emptied half of it:
 *
 *     network ──sink──▶ queue ──rb_blob_read──▶ hashed and lent to the reader
 *        ◀──── pause, resume ────┘
 */
#include <string.h>
#include <sys/queue.h>

#include "exchange.h"
#include "rebake/base/memory.h"
#include "transfer.h"

enum {
    PIECE_SIZE = 256 << 10,
    QUEUE_FULL = 2 << 20,         /* bytes; what libcurl holds already may still follow */
    TIMEOUT_MS = 6 * 3600 * 1000, /* a large layer on a thin line */
    STALL_MS = 60 * 1000
};
static const int64_t LARGEST_BLOB = INT64_C(64) << 30;

struct piece {
    TAILQ_ENTRY(piece) link;
    size_t size;
    char data[PIECE_SIZE];
};
TAILQ_HEAD(pieces, piece);

struct rb_blob {
    struct rb_loop *loop;
    struct rb_exchange *exchange; /* NULL once it is over */
    char *what;
    char digest[RB_DIGEST_SIZE];
    int64_t size_bytes; /* as the descriptor says */
    int64_t received_bytes;
    struct rb_sha256 *hash;
    struct pieces queue;
    struct pieces spare;
    size_t queued_bytes;
    struct piece *lent; /* with the reader until its next read */
    bool is_paused;
    bool is_verified;
    int status; /* of the transfer, once it is over */
    struct rb_err err;
};

static struct piece *room_for_more(struct rb_blob *blob)
{
    struct piece *piece = TAILQ_LAST(&blob->queue, pieces);
    if (piece != NULL && piece->size < PIECE_SIZE)
        return piece;
    piece = TAILQ_FIRST(&blob->spare);
    if (piece != NULL)
        TAILQ_REMOVE(&blob->spare, piece, link);
    else
        piece = rb_alloc(sizeof(*piece));
    piece->size = 0;
    TAILQ_INSERT_TAIL(&blob->queue, piece, link);
    return piece;
}

static bool on_data(void *context, const void *data, size_t size)
{
    struct rb_blob *blob = context;
    const char *at = data;
    blob->received_bytes += (int64_t)size;
    blob->queued_bytes += size;
    while (size > 0) {
        struct piece *piece = room_for_more(blob);
        size_t part = PIECE_SIZE - piece->size < size ? PIECE_SIZE - piece->size : size;
        memcpy(piece->data + piece->size, at, part);
        piece->size += part;
        at += part;
        size -= part;
    }
    if (!blob->is_paused && blob->queued_bytes >= QUEUE_FULL) {
        blob->is_paused = true;
        rb_exchange_pause(blob->exchange);
    }
    return true;
}

static int judge(struct rb_blob *blob, const struct rb_http_response *response,
                 const struct rb_err *error)
{
    if (error != NULL && error->code == RB_ELIMIT)
        return rb_err_set(&blob->err, RB_EVERIFY, "%s is larger than the %lld bytes announced",
                          blob->what, (long long)blob->size_bytes);
    if (error != NULL)
        return rb_err_copy(&blob->err, error);
    if (response->status != 200)
        return rb_http_status_error(response, blob->what, &blob->err);
    if (blob->received_bytes != blob->size_bytes)
        return rb_err_set(&blob->err, RB_ENETWORK, "%s ended after %lld of %lld bytes", blob->what,
                          (long long)blob->received_bytes, (long long)blob->size_bytes);
    return 0;
}

static void on_end(void *context, const struct rb_http_response *response,
                   const struct rb_err *error)
{
    struct rb_blob *blob = context;
    blob->exchange = NULL;
    blob->status = judge(blob, response, error);
}

/* Runs the loop until there is something to read or nothing more will come. */
static void wait_for_data(struct rb_blob *blob)
{
    while (blob->exchange != NULL && TAILQ_EMPTY(&blob->queue))
        rb_loop_run_once(blob->loop);
}

static struct rb_blob *new_blob(struct rb_registry *registry, const struct rb_reference *reference,
                                const char *digest, int64_t size_bytes)
{
    struct rb_blob *blob = rb_zalloc(sizeof(*blob));
    blob->loop = registry->http->loop;
    blob->what =
        rb_asprintf("blob %.19s of %s/%s", digest, reference->registry, reference->repository);
    memcpy(blob->digest, digest, RB_DIGEST_SIZE);
    blob->size_bytes = size_bytes;
    blob->hash = rb_sha256_new();
    TAILQ_INIT(&blob->queue);
    TAILQ_INIT(&blob->spare);
    return blob;
}

int rb_registry_blob(struct rb_registry *registry, const struct rb_reference *reference,
                     const char *digest, int64_t size_bytes, struct rb_blob **ret_blob,
                     struct rb_err *err)
{
    if (!rb_digest_is_valid(digest) || size_bytes < 0)
        return rb_err_set(err, RB_EINVALID, "not the digest and size of a blob: \"%.100s\"",
                          digest);
    if (size_bytes > LARGEST_BLOB)
        return rb_err_set(err, RB_ELIMIT, "blob %.19s has %lld bytes: too large", digest,
                          (long long)size_bytes);
    struct rb_blob *blob = new_blob(registry, reference, digest, size_bytes);
    RB_CLEANUP_FREE char *path = rb_asprintf("blobs/%s", digest);
    const struct rb_exchange_request question = {
        .reference = reference,
        .what = blob->what,
        .method = "GET",
        .path = path,
        .sink = on_data,
        .sink_context = blob,
        .body_maximum = size_bytes > 0 ? (size_t)size_bytes : 1,
        .timeout_ms = TIMEOUT_MS,
        .stall_ms = STALL_MS,
    };
    rb_exchange_start(registry, &question, on_end, blob, &blob->exchange);
    wait_for_data(blob);
    if (blob->status != 0 && TAILQ_EMPTY(&blob->queue)) {
        int status = rb_err_copy(err, &blob->err);
        rb_blob_free(blob);
        return status;
    }
    *ret_blob = blob;
    return 0;
}

static void take_back(struct rb_blob *blob)
{
    if (blob->lent != NULL)
        TAILQ_INSERT_HEAD(&blob->spare, blob->lent, link);
    blob->lent = NULL;
}

static void lend_first(struct rb_blob *blob)
{
    blob->lent = TAILQ_FIRST(&blob->queue);
    TAILQ_REMOVE(&blob->queue, blob->lent, link);
    blob->queued_bytes -= blob->lent->size;
    rb_sha256_update(blob->hash, blob->lent->data, blob->lent->size);
    if (blob->is_paused && blob->exchange != NULL && blob->queued_bytes <= QUEUE_FULL / 2) {
        blob->is_paused = false;
        rb_exchange_resume(blob->exchange);
    }
}

static int verify(struct rb_blob *blob, struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE];
    if (blob->status != 0)
        return rb_err_copy(err, &blob->err);
    if (blob->is_verified)
        return 0;
    rb_sha256_hex(blob->hash, hex);
    if (strcmp(blob->digest + strlen("sha256:"), hex) != 0) {
        blob->status = rb_err_set(&blob->err, RB_EVERIFY, "%s: what came has the digest sha256:%s",
                                  blob->what, hex);
        return rb_err_copy(err, &blob->err);
    }
    blob->is_verified = true;
    return 0;
}

int rb_blob_read(struct rb_blob *blob, const void **ret_data, size_t *ret_size, struct rb_err *err)
{
    take_back(blob);
    wait_for_data(blob);
    *ret_data = NULL;
    *ret_size = 0;
    if (TAILQ_EMPTY(&blob->queue))
        return verify(blob, err);
    lend_first(blob);
    *ret_data = blob->lent->data;
    *ret_size = blob->lent->size;
    return 0;
}

static void free_pieces(struct pieces *pieces)
{
    while (!TAILQ_EMPTY(pieces)) {
        struct piece *piece = TAILQ_FIRST(pieces);
        TAILQ_REMOVE(pieces, piece, link);
        rb_free(piece);
    }
}

void rb_blob_free(struct rb_blob *blob)
{
    if (blob == NULL)
        return;
    if (blob->exchange != NULL)
        rb_exchange_cancel(blob->exchange);
    take_back(blob);
    free_pieces(&blob->queue);
    free_pieces(&blob->spare);
    rb_sha256_free(blob->hash);
    rb_free(blob->what);
    rb_free(blob);
}
