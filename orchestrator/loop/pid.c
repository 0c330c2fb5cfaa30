/* SPDX-License-Identifier: Apache-2.0 */
/* Processes that are not (or no longer) our children: who they are, and when they end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"

uint64_t rb_process_started_ticks(pid_t pid)
{
    char path[64];
    RB_CLEANUP_FREE char *stat = NULL;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    if (rb_file_read(path, 65536, &stat, NULL, NULL) != 0)
        return 0;
    /* The second field is the command in parentheses and may hold any character: count from its
       end. The state is field 3, the start time field 22. */
    const char *at = strrchr(stat, ')');
    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at, ' ');
        if (at != NULL)
            at++;
    }
    unsigned long long ticks = 0;
    if (at == NULL || sscanf(at, "%llu", &ticks) != 1)
        return 0;
    return ticks;
}

struct rb_pid_watch {
    uv_poll_t poll;
    int fd;
    void (*gone)(void *context);
    void *context;
};

static void pid_readable(uv_poll_t *poll, int status, int events)
{
    struct rb_pid_watch *watch = rb_container_of(poll, struct rb_pid_watch, poll);
    (void)status;
    (void)events;
    (void)uv_poll_stop(poll);
    watch->gone(watch->context);
}

int rb_pid_watch_start(struct rb_loop *loop, pid_t pid, void (*gone)(void *context), void *context,
                       struct rb_pid_watch **ret_watch, struct rb_err *err)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        return rb_err_sys(err, errno, "watch process %d", (int)pid);
    struct rb_pid_watch *watch = rb_zalloc(sizeof(*watch));
    watch->fd = fd;
    watch->gone = gone;
    watch->context = context;
    RB_ASSERT(uv_poll_init(rb_loop_uv(loop), &watch->poll, fd) == 0);
    RB_ASSERT(uv_poll_start(&watch->poll, UV_READABLE, pid_readable) == 0);
    *ret_watch = watch;
    return 0;
}

static void watch_closed(uv_handle_t *handle)
{
    struct rb_pid_watch *watch = rb_container_of(handle, struct rb_pid_watch, poll);
    (void)close(watch->fd);
    rb_free(watch);
}

void rb_pid_watch_free(struct rb_pid_watch *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->poll, watch_closed);
}
