/* SPDX-License-Identifier: Apache-2.0 */
#include "file_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"

enum { HEADER_MAXIMUM = 512, TIMEOUT_MS = 30 * 60 * 1000, STALL_MS = 30 * 1000 };

void rb_file_transfer_init(struct rb_file_transfer *transfer, void (*done)(void *context),
                           void *context)
{
    *transfer =
        (struct rb_file_transfer){.fd = -1, .retry_after_ms = -1, .done = done, .context = context};
}

static void close_file(struct rb_file_transfer *transfer)
{
    if (transfer->fd >= 0)
        (void)close(transfer->fd);
    transfer->fd = -1;
}

static void forget_last(struct rb_file_transfer *transfer)
{
    close_file(transfer);
    rb_sha256_free(rb_steal(&transfer->hash));
    rb_strbuf_deinit(&transfer->body);
    rb_free(rb_steal(&transfer->shown));
    rb_free(rb_steal(&transfer->etag));
    rb_free(rb_steal(&transfer->last_modified));
    transfer->err.code = transfer->write_error.code = RB_OK;
    transfer->status = 0;
    transfer->size_bytes = 0;
}

void rb_file_transfer_deinit(struct rb_file_transfer *transfer)
{
    if (transfer->transfer != NULL)
        rb_http_cancel(rb_steal(&transfer->transfer));
    forget_last(transfer);
}

static bool take_piece(void *context, const void *data, size_t size)
{
    struct rb_file_transfer *transfer = context;
    transfer->size_bytes += (int64_t)size;
    rb_sha256_update(transfer->hash, data, size);
    if (transfer->fd < 0)
        return rb_strbuf_append(&transfer->body, data, size);
    return rb_write_all(transfer->fd, data, size, &transfer->write_error) == 0;
}

static char *short_header(const struct rb_http_response *response, const char *name)
{
    const char *value = rb_http_header(response, name);
    return value != NULL && strlen(value) <= HEADER_MAXIMUM ? rb_strdup(value) : NULL;
}

static void on_answer(void *context, const struct rb_http_response *response,
                      const struct rb_err *error)
{
    struct rb_file_transfer *transfer = context;
    transfer->transfer = NULL;
    close_file(transfer);
    transfer->bytes += response->sent_bytes + response->received_bytes;
    transfer->retry_after_ms = response->retry_after_ms;
    transfer->status = response->status;
    transfer->etag = short_header(response, "ETag");
    transfer->last_modified = short_header(response, "Last-Modified");
    rb_sha256_hex(transfer->hash, transfer->sha256);
    if (transfer->write_error.code != RB_OK)
        rb_err_copy(&transfer->err, &transfer->write_error);
    else if (error != NULL)
        rb_err_copy(&transfer->err, error);
    else if (response->status != 200 && !(response->status == 304 && transfer->has_condition))
        rb_http_status_error(response, transfer->shown, &transfer->err);
    transfer->done(transfer->context);
}

static int open_file(struct rb_file_transfer *transfer, const char *path, struct rb_err *err)
{
    transfer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    return transfer->fd >= 0 ? 0 : rb_err_sys(err, errno, "open %s", path);
}

int rb_file_transfer_start(struct rb_file_transfer *transfer, struct rb_http *http,
                           const struct rb_file_ask *ask, struct rb_err *err)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist headers = {0};
    forget_last(transfer);
    if (ask->path != NULL && open_file(transfer, ask->path, err) != 0)
        return (int)err->code;
    transfer->hash = rb_sha256_new();
    transfer->body = RB_STRBUF_INIT(ask->maximum);
    transfer->shown = rb_address_shown(ask->url);
    transfer->has_condition = ask->etag != NULL || ask->last_modified != NULL;
    transfer->requests++;
    if (ask->etag != NULL)
        rb_strlist_addf(&headers, "If-None-Match: %s", ask->etag);
    if (ask->last_modified != NULL)
        rb_strlist_addf(&headers, "If-Modified-Since: %s", ask->last_modified);
    struct rb_http_request request = {
        .url = ask->url,
        .headers = (const char *const *)headers.items,
        .sink = take_piece,
        .sink_context = transfer,
        .body_maximum = ask->maximum,
        .timeout_ms = TIMEOUT_MS,
        .stall_ms = STALL_MS,
        .follow = true,
    };
    rb_http_send(http, &request, on_answer, transfer, &transfer->transfer);
    return 0;
}
