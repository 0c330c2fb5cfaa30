/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of a job. Each write is one append, so the runner's two processes need no lock. A job
 * that prints without end fills neither disk nor memory: past the maximum a note is written and the
 * rest is dropped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "running.h"

enum { LOG_MAXIMUM = 64 << 20, LINE_MAXIMUM = 64 << 10 };

int job_log_open(const char *path, int *ret_fd, struct rb_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    *ret_fd = fd;
    return 0;
}

int job_log_write(int fd, const char *data, size_t size, struct rb_err *err)
{
    static const char note[] = "\n==> the log is full: what follows is dropped\n";
    struct stat status;
    if (fstat(fd, &status) != 0)
        return rb_err_sys(err, errno, "stat the job's log");
    if (status.st_size >= LOG_MAXIMUM)
        return 0;
    bool fills = (int64_t)size >= LOG_MAXIMUM - status.st_size;
    int result = rb_write_all(fd, data, size, err);
    if (result == 0 && fills)
        result = rb_write_all(fd, note, sizeof(note) - 1, err);
    return result == 0 ? 0 : rb_err_wrap(err, "the job's log");
}

char *job_mask(const char *text)
{
    struct rb_strbuf masked = RB_STRBUF_INIT(2 * strlen(text)); /* "***" may be the longer one */
    const char *scheme;
    while ((scheme = strstr(text, "://")) != NULL) {
        const char *authority = scheme + 3;
        size_t size = strcspn(authority, "/?# \t\n\"'");
        const char *at = memrchr(authority, '@', size);
        rb_strbuf_append(&masked, text, (size_t)(authority - text));
        if (at != NULL)
            rb_strbuf_puts(&masked, "***");
        text = at != NULL ? at : authority;
    }
    rb_strbuf_puts(&masked, text);
    return rb_strbuf_steal(&masked);
}

void rb_job_log(struct rb_job *job, const char *format, ...)
{
    RB_CLEANUP_FREE char *text = rb_alloc(LINE_MAXIMUM);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, LINE_MAXIMUM, format, arguments);
    va_end(arguments);
    RB_CLEANUP_FREE char *masked = job_mask(text);
    RB_CLEANUP_FREE char *line = rb_asprintf("%s\n", masked);
    /* A log that cannot be written makes the next program of the job fail with the reason. */
    int ignored = job_log_write(job->log_fd, line, strlen(line), NULL);
    (void)ignored;
}
