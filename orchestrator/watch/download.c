/* SPDX-License-Identifier: Apache-2.0 */
#include "download.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"
#include "rebake/base/text.h"
#include "rebake/loop/work.h"

enum { HEADER_MAXIMUM = 512 };
static const int64_t STALL_MS = 30 * 1000;

void rb_download_init(struct rb_download *download, void (*done)(void *context), void *context)
{
    *download = (struct rb_download){.into_fd = -1, .done = done, .context = context};
}

static void close_into(struct rb_download *download)
{
    if (download->into_fd >= 0)
        (void)close(download->into_fd);
    download->into_fd = -1;
}

static void forget_answer(struct rb_download *download)
{
    close_into(download);
    rb_sha256_free(rb_steal(&download->into_hash));
    rb_free(rb_steal(&download->into));
    download->into_bytes = 0;
    rb_strbuf_deinit(&download->body);
    rb_free(rb_steal(&download->etag));
    rb_free(rb_steal(&download->last_modified));
    rb_free(rb_steal(&download->shown));
    rb_free(rb_steal(&download->path));
    download->err.code = download->absent.code = download->into_err.code = RB_OK;
    download->status = 0;
    download->moved = false;
}

void rb_download_deinit(struct rb_download *download)
{
    if (download->transfer != NULL)
        rb_http_cancel(rb_steal(&download->transfer));
    forget_answer(download);
}

/* Opened with the first piece: a file that has not changed is not touched. */
static int open_into(struct rb_download *download)
{
    if (download->into_fd >= 0)
        return 0;
    download->into_hash = rb_sha256_new();
    download->into_fd =
        open(download->into, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    return download->into_fd >= 0
               ? 0
               : rb_err_sys(&download->into_err, errno, "open %s", download->into);
}

static bool take_piece(void *context, const void *data, size_t size)
{
    struct rb_download *download = context;
    if (download->into == NULL)
        return rb_strbuf_append(&download->body, data, size);
    if (open_into(download) != 0)
        return false;
    download->into_bytes += (int64_t)size;
    rb_sha256_update(download->into_hash, data, size);
    return rb_write_all(download->into_fd, data, size, &download->into_err) == 0;
}

static void end_into(struct rb_download *download)
{
    if (open_into(download) == 0)
        rb_sha256_hex(download->into_hash, download->into_sha256);
    close_into(download);
}

/* 403 is what a bucket says of a file that is not there, where nobody may list its files. */
static bool is_absent(int status)
{
    return status == 403 || status == 404 || status == 410;
}

static char *short_header(const struct rb_http_response *response, const char *name)
{
    const char *value = rb_http_header(response, name);
    return value != NULL && strlen(value) <= HEADER_MAXIMUM ? rb_strdup(value) : NULL;
}

static void on_answer(void *context, const struct rb_http_response *response,
                      const struct rb_err *error)
{
    struct rb_download *download = context;
    download->transfer = NULL;
    rb_http_cost_count(&download->cost, response);
    download->status = response->status;
    download->moved = response->moved;
    download->etag = short_header(response, "ETag");
    download->last_modified = short_header(response, "Last-Modified");
    if (download->into != NULL && error == NULL && response->status == 200)
        end_into(download);
    if (download->into_err.code != RB_OK)
        rb_err_copy(&download->err, &download->into_err);
    else if (error != NULL)
        rb_err_copy(&download->err, error);
    else if (is_absent(response->status))
        rb_http_status_error(response, download->shown, &download->absent);
    else if (response->status != 200 && !(response->status == 304 && download->has_condition))
        rb_http_status_error(response, download->shown, &download->err);
    download->done(download->context);
}

static void send_request(struct rb_download *download, struct rb_http *http,
                         const struct rb_download_ask *ask)
{
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist headers = {0};
    if (ask->etag != NULL)
        rb_strlist_addf(&headers, "If-None-Match: %s", ask->etag);
    if (ask->last_modified != NULL)
        rb_strlist_addf(&headers, "If-Modified-Since: %s", ask->last_modified);
    if (ask->accept != NULL)
        rb_strlist_addf(&headers, "Accept: %s", ask->accept);
    download->has_condition = ask->etag != NULL || ask->last_modified != NULL;
    struct rb_http_request request = {
        .url = ask->url,
        .headers = (const char *const *)headers.items,
        .sink = take_piece,
        .sink_context = download,
        .body_maximum = ask->maximum,
        .timeout_ms = ask->timeout_ms,
        .stall_ms = STALL_MS,
        .follow = true,
    };
    rb_http_send(http, &request, on_answer, download, &download->transfer);
}

/* worker thread */
static void run_read(void *context)
{
    struct rb_download *download = context;
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    struct rb_err err;
    int status = rb_file_read(download->path, download->maximum, &data, &size, &err);
    download->status = status == 0 ? 200 : 0;
    if (status == 0)
        rb_strbuf_append(&download->body, data, size);
    else
        rb_err_copy(status == RB_ENOTFOUND ? &download->absent : &download->err, &err);
}

static void was_read(void *context)
{
    struct rb_download *download = context;
    download->is_reading = false;
    download->done(download->context);
}

/* RFC 8089: "file:/path" or "file:///path". NULL for other URLs. */
static const char *local_path(const char *url)
{
    if (!rb_text_starts_with(url, "file:/"))
        return NULL;
    const char *path = url + strlen("file:");
    return rb_text_starts_with(path, "///") ? path + 2 : path;
}

void rb_download_start(struct rb_download *download, struct rb_loop *loop, struct rb_http *http,
                       const struct rb_download_ask *ask)
{
    const char *path = local_path(ask->url);
    forget_answer(download);
    download->body = RB_STRBUF_INIT(ask->maximum);
    download->maximum = ask->maximum;
    download->shown = rb_strdup(ask->shown);
    download->path = rb_strdup(path);
    download->into = rb_strdup(ask->into);
    if (path == NULL) {
        send_request(download, http, ask);
        return;
    }
    download->is_reading = true;
    rb_work_queue(loop, run_read, was_read, download);
}
