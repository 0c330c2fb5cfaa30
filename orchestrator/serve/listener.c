/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/serve/listener.h"

#include <uv.h>

#include "rebake/base/memory.h"

/* Then the rest of the loop has its turn. */
enum { RUNS_AT_ONCE = 8 };

struct rb_listener {
    struct MHD_Daemon *daemon;
    bool (*turn_ended)(void *context);
    void *context;
    uv_poll_t poll;
    uv_timer_t timer;
    int open_handles;
};

static void run(struct rb_listener *listener);

static void timer_fired(uv_timer_t *timer)
{
    run(rb_container_of(timer, struct rb_listener, timer));
}

static void run(struct rb_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    bool again = true;
    for (int i = 0; again && i < RUNS_AT_ONCE; i++) {
        (void)MHD_run(listener->daemon);
        again = listener->turn_ended != NULL && listener->turn_ended(listener->context);
    }
    if (again)
        RB_ASSERT(uv_timer_start(&listener->timer, timer_fired, 0, 0) == 0);
    else if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
        RB_ASSERT(uv_timer_start(&listener->timer, timer_fired, wait_ms, 0) == 0);
    else
        RB_ASSERT(uv_timer_stop(&listener->timer) == 0);
}

static void poll_fired(uv_poll_t *poll, int status, int events)
{
    (void)status; /* libmicrohttpd finds out itself what is wrong with a socket */
    (void)events;
    run(rb_container_of(poll, struct rb_listener, poll));
}

static void watch_daemon(struct rb_listener *listener, struct rb_loop *loop)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    RB_ASSERT(info != NULL);
    RB_ASSERT(uv_poll_init(rb_loop_uv(loop), &listener->poll, info->epoll_fd) == 0);
    RB_ASSERT(uv_timer_init(rb_loop_uv(loop), &listener->timer) == 0);
    RB_ASSERT(uv_poll_start(&listener->poll, UV_READABLE, poll_fired) == 0);
    listener->open_handles = 2;
}

int rb_listener_start(const struct rb_listener_options *options, struct rb_listener **ret_listener,
                      struct rb_err *err)
{
    static const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};
    struct rb_listener *listener = rb_zalloc(sizeof(*listener));
    listener->turn_ended = options->turn_ended;
    listener->context = options->context;
    listener->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | options->flags, 0, options->admit, options->context, options->handle,
        options->context, MHD_OPTION_LISTEN_SOCKET, options->fd, MHD_OPTION_CONNECTION_LIMIT,
        options->connections_maximum, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_seconds,
        MHD_OPTION_NOTIFY_COMPLETED, options->ended, options->context, MHD_OPTION_ARRAY,
        options->more != NULL ? options->more : none, MHD_OPTION_END);
    if (listener->daemon == NULL) {
        rb_free(listener);
        return rb_err_set(err, RB_EIO, "the HTTP server on %s does not start", options->name);
    }
    watch_daemon(listener, options->loop);
    *ret_listener = listener;
    return 0;
}

void rb_listener_wake(struct rb_listener *listener)
{
    RB_ASSERT(uv_timer_start(&listener->timer, timer_fired, 0, 0) == 0);
}

static void handle_closed(uv_handle_t *handle)
{
    struct rb_listener *listener = handle->data;
    if (--listener->open_handles == 0)
        rb_free(listener);
}

void rb_listener_stop(struct rb_listener *listener)
{
    if (listener == NULL)
        return;
    listener->poll.data = listener;
    listener->timer.data = listener;
    uv_close((uv_handle_t *)&listener->poll, handle_closed);
    uv_close((uv_handle_t *)&listener->timer, handle_closed);
    MHD_stop_daemon(listener->daemon); /* closes the sockets and the epoll set */
}
