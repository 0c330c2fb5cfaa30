/* SPDX-License-Identifier: Apache-2.0 */
/* One build, and the log that its runner writes. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shapes.h"

static int want_build(const struct api_request *request, struct rb_build_row *ret_row,
                      struct rb_err *err)
{
    int64_t id;
    int status = api_want_id(request, "build", &id, err);
    if (status != 0)
        return status;
    return rb_store_build(request->options->store, id, request->arena, ret_row, err);
}

int api_get_build(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct rb_build_row row;
    int status = want_build(request, &row, err);
    if (status == 0)
        status = api_build_json(request, &row, &reply->json, err);
    if (status == 0)
        rb_json_set(reply->json, "lock", api_stored_json(row.lock));
    return status;
}

static int read_piece(int fd, const char *path, int64_t offset, struct api_reply *reply,
                      struct rb_err *err)
{
    size_t wanted = API_LOG_MAXIMUM;
    if (offset >= reply->log_size)
        wanted = 0;
    else if (reply->log_size - offset < API_LOG_MAXIMUM)
        wanted = (size_t)(reply->log_size - offset);
    reply->bytes = rb_realloc(reply->bytes, wanted);
    while (reply->byte_count < wanted) {
        ssize_t got = pread(fd, reply->bytes + reply->byte_count, wanted - reply->byte_count,
                            (off_t)(offset + (int64_t)reply->byte_count));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return rb_err_sys(err, errno, "read %s", path);
        if (got == 0) /* cut short since we asked for its size: the job began anew */
            break;
        reply->byte_count += (size_t)got;
    }
    return 0;
}

/* A log that is not there yet is empty. */
static int read_log(const char *path, int64_t offset, struct api_reply *reply, struct rb_err *err)
{
    struct stat status;
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 || fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "open %s", path);
    if (!S_ISREG(status.st_mode))
        return rb_err_set(err, RB_EIO, "%s is not a regular file", path);
    reply->log_size = status.st_size;
    return read_piece(fd, path, offset, reply, err);
}

/* The state is read before the file: a final one then means that nothing was added after. */
int api_get_log(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct rb_build_row row;
    int64_t offset;
    int status = api_number(request, "offset", 0, INT64_MAX, &offset, err);
    if (status == 0)
        status = want_build(request, &row, err);
    if (status != 0)
        return status;
    reply->log_state = rb_build_state_name(row.state);
    reply->bytes = rb_alloc(0);
    if (row.job_folder == NULL)
        return 0;
    return read_log(rb_arena_printf(request->arena, "%s/log", row.job_folder), offset, reply, err);
}
