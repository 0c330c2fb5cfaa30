/* SPDX-License-Identifier: Apache-2.0 */
#include "fetching.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "download.h"
#include "kept.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { COPY_BLOCK = 256 << 10 };
static const int64_t TIMEOUT_MS = 30 * 60 * 1000;

int rb_fetching_want_sha256(const struct rb_fetching *fetching, struct rb_err *err)
{
    const char *version = fetching->version;
    if (strlen(version) == RB_SHA256_HEX_SIZE - 1 &&
        strspn(version, "0123456789abcdef") == RB_SHA256_HEX_SIZE - 1)
        return 0;
    return rb_err_set(err, RB_EINVALID,
                      "\"%.80s\" is no version of a source of kind %s: 64 hexadecimal digits",
                      version, rb_source_kind_name(fetching->source->kind));
}

void rb_got_deinit(struct rb_got *got)
{
    rb_free(got->data);
    rb_free(got->last_modified);
    rb_free(got->shown);
    *got = (struct rb_got){0};
}

static int make_parent(const char *path, struct rb_err *err)
{
    RB_CLEANUP_FREE char *parent = rb_strndup(path, (size_t)(strrchr(path, '/') - path));
    return rb_folder_make(parent, 0755, err);
}

static void download_over(void *context)
{
    *(bool *)context = true;
}

/* What was asked for a file of ours and came from one of this machine is in memory still. */
static int take_download(struct rb_download *download, const char *into, struct rb_got *got,
                         struct rb_err *err)
{
    struct rb_strbuf *body = &download->body;
    got->last_modified = rb_strdup(download->last_modified);
    if (into != NULL && download->path == NULL) {
        memcpy(got->sha256, download->into_sha256, sizeof(got->sha256));
        got->size = (size_t)download->into_bytes;
        return 0;
    }
    got->size = body->size;
    rb_sha256_of(rb_strbuf_text(body), body->size, got->sha256);
    if (into != NULL)
        return rb_file_write_atomic(into, rb_strbuf_text(body), body->size, 0644, err);
    got->data = rb_strbuf_steal(body);
    return 0;
}

int rb_fetching_download(const struct rb_fetching *fetching, const char *url, const char *into,
                         size_t maximum, struct rb_got *ret_got, struct rb_err *err)
{
    bool is_over = false;
    struct rb_download download;
    ret_got->shown = rb_address_shown(url);
    int status = into == NULL ? 0 : make_parent(into, err);
    if (status != 0)
        return status;
    const struct rb_download_ask ask = {.url = url,
                                        .shown = ret_got->shown,
                                        .maximum = maximum,
                                        .timeout_ms = TIMEOUT_MS,
                                        .into = into};
    rb_download_init(&download, download_over, &is_over);
    rb_download_start(&download, fetching->tools->loop, fetching->tools->http, &ask);
    while (!is_over)
        rb_loop_run_once(fetching->tools->loop);
    ret_got->is_absent = download.absent.code != RB_OK;
    if (ret_got->is_absent)
        status = rb_err_copy(err, &download.absent);
    else if (download.err.code != RB_OK)
        status = rb_err_copy(err, &download.err);
    else
        status = take_download(&download, into, ret_got, err);
    rb_download_deinit(&download);
    return status;
}

int rb_fetching_read_kept(const char *folder, const char *hash, const char *ending, size_t maximum,
                          struct rb_got *ret_got, struct rb_err *err)
{
    ret_got->shown = rb_kept_path(folder, hash, ending);
    int status = rb_file_read(ret_got->shown, maximum, &ret_got->data, &ret_got->size, err);
    if (status == 0)
        rb_sha256_of(ret_got->data, ret_got->size, ret_got->sha256);
    return status;
}

int rb_fetching_write(const struct rb_fetching *fetching, const char *path, const void *data,
                      size_t size, struct rb_err *err)
{
    RB_CLEANUP_FREE char *whole = rb_asprintf("%s/%s", fetching->folder, path);
    int status = make_parent(whole, err);
    return status == 0 ? rb_file_write_atomic(whole, data, size, 0644, err) : status;
}

static int copy_blocks(int from_fd, int into_fd, const char *from, size_t maximum,
                       struct rb_sha256 *hash, struct rb_err *err)
{
    RB_CLEANUP_FREE char *block = rb_alloc(COPY_BLOCK);
    size_t copied = 0;
    for (;;) {
        ssize_t size = read(from_fd, block, COPY_BLOCK);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return rb_err_sys(err, errno, "read %s", from);
        if (size == 0)
            return 0;
        copied += (size_t)size;
        if (copied > maximum)
            return rb_err_set(err, RB_ELIMIT, "%s is larger than %zu bytes", from, maximum);
        rb_sha256_update(hash, block, (size_t)size);
        int status = rb_write_all(into_fd, block, (size_t)size, err);
        if (status != 0)
            return status;
    }
}

int rb_fetching_copy(const char *from, const char *into, size_t maximum,
                     char ret_sha256[RB_SHA256_HEX_SIZE], struct rb_err *err)
{
    RB_CLEANUP(rb_sha256_cleanup) struct rb_sha256 *hash = rb_sha256_new();
    RB_CLEANUP_CLOSE int from_fd = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (from_fd < 0)
        return rb_err_sys(err, errno, "open %s", from);
    int status = make_parent(into, err);
    if (status != 0)
        return status;
    RB_CLEANUP_CLOSE int into_fd =
        open(into, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (into_fd < 0)
        return rb_err_sys(err, errno, "write %s", into);
    status = copy_blocks(from_fd, into_fd, from, maximum, hash, err);
    if (status == 0)
        rb_sha256_hex(hash, ret_sha256);
    return status;
}

struct verification {
    bool is_over;
    int status;
    struct rb_err *err;
};

static void verified(void *context, const struct rb_gpgv_verdict *verdict,
                     const struct rb_err *error)
{
    struct verification *verification = context;
    (void)verdict;
    verification->is_over = true;
    if (error != NULL)
        verification->status = rb_err_copy(verification->err, error);
}

int rb_fetching_verify(const struct rb_fetching *fetching, const struct rb_gpgv_request *request,
                       struct rb_err *err)
{
    struct verification verification = {.err = err};
    struct rb_gpgv_request here = *request;
    here.folder = fetching->scratch;
    rb_gpgv_start(fetching->tools->loop, &here, verified, &verification);
    while (!verification.is_over)
        rb_loop_run_once(fetching->tools->loop);
    return verification.status;
}
