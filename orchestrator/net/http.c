/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcurl's multi handle on the loop (curl_multi_socket_action(3)): libcurl names the sockets that
 * it waits for, each becomes a uv_poll; libcurl names when it wants to be called, that is a timer.
 *
 *     socket ready ─┐
 *                   ├─▶ curl_multi_socket_action ──▶ reap ──▶ rb_transfer_ended, for each that is
 * done time is up  ──┘
 *
 * A connection that is idle in the pool is not watched, so it does not keep the loop running.
 */
#include <uv.h>

#include "rebake/base/memory.h"
#include "transfer.h"

/* Five hundred sources of one server are asked over a handful of connections; requests beyond that
   wait in libcurl's queue. */
enum { MOST_CONNECTIONS = 128, MOST_CONNECTIONS_PER_HOST = 6 };

struct socket_watch {
    uv_poll_t poll;
    curl_socket_t socket;
    struct rb_http *http;
};

static void reap(struct rb_http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE)
            rb_transfer_ended(message->easy_handle, message->data.result);
    }
}

static void act(struct rb_http *http, curl_socket_t socket, int what)
{
    int running;
    RB_ASSERT(curl_multi_socket_action(http->multi, socket, what, &running) == CURLM_OK);
    reap(http);
}

static void time_is_up(void *context)
{
    act(context, CURL_SOCKET_TIMEOUT, 0);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
    const struct socket_watch *watch = rb_container_of(poll, struct socket_watch, poll);
    int what = status < 0 ? CURL_CSELECT_ERR : 0;
    if ((events & UV_READABLE) != 0)
        what |= CURL_CSELECT_IN;
    if ((events & UV_WRITABLE) != 0)
        what |= CURL_CSELECT_OUT;
    act(watch->http, watch->socket, what);
}

static void watch_closed(uv_handle_t *handle)
{
    rb_free(rb_container_of(handle, struct socket_watch, poll));
}

static struct socket_watch *new_watch(struct rb_http *http, curl_socket_t socket)
{
    struct socket_watch *watch = rb_zalloc(sizeof(*watch));
    watch->socket = socket;
    watch->http = http;
    RB_ASSERT(uv_poll_init_socket(rb_loop_uv(http->loop), &watch->poll, socket) == 0);
    RB_ASSERT(curl_multi_assign(http->multi, socket, watch) == CURLM_OK);
    return watch;
}

static int on_socket_wanted(CURL *easy, curl_socket_t socket, int what, void *context,
                            void *socket_context)
{
    struct rb_http *http = context;
    struct socket_watch *watch = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch != NULL)
            uv_close((uv_handle_t *)&watch->poll, watch_closed);
        return 0;
    }
    if (watch == NULL)
        watch = new_watch(http, socket);
    int events = ((what & CURL_POLL_IN) != 0 ? UV_READABLE : 0) |
                 ((what & CURL_POLL_OUT) != 0 ? UV_WRITABLE : 0);
    RB_ASSERT(uv_poll_start(&watch->poll, events, socket_ready) == 0);
    return 0;
}

static int on_timer_wanted(CURLM *multi, long timeout_ms, void *context)
{
    const struct rb_http *http = context;
    (void)multi;
    if (timeout_ms < 0)
        rb_timer_stop(http->timer);
    else
        rb_timer_start(http->timer, timeout_ms, 0);
    return 0;
}

struct rb_http *rb_http_new(struct rb_loop *loop)
{
    struct rb_http *http = rb_zalloc(sizeof(*http));
    RB_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
    http->loop = loop;
    http->timer = rb_timer_new(loop, time_is_up, http);
    LIST_INIT(&http->abandoned);
    http->multi = curl_multi_init();
    RB_ASSERT(http->multi != NULL);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted) == 0);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http) == 0);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted) == 0);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http) == 0);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                                (long)MOST_CONNECTIONS) == 0);
    RB_ASSERT(curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                                (long)MOST_CONNECTIONS_PER_HOST) == 0);
    return http;
}

CURL *rb_http_take(struct rb_http *http)
{
    CURL *easy = http->spare_count > 0 ? http->spare[--http->spare_count] : curl_easy_init();
    RB_ASSERT(easy != NULL);
    return easy;
}

void rb_http_give_back(struct rb_http *http, CURL *easy)
{
    if (http->spare_count == RB_HTTP_SPARE_MAXIMUM) {
        curl_easy_cleanup(easy);
        return;
    }
    curl_easy_reset(easy);
    http->spare[http->spare_count++] = easy;
}

void rb_http_free(struct rb_http *http)
{
    if (http == NULL)
        return;
    RB_ASSERT(http->running == 0);
    struct rb_http_transfer *transfer;
    while ((transfer = LIST_FIRST(&http->abandoned)) != NULL)
        rb_transfer_free_abandoned(transfer);
    while (http->spare_count > 0)
        curl_easy_cleanup(http->spare[--http->spare_count]);
    RB_ASSERT(curl_multi_cleanup(http->multi) == CURLM_OK);
    rb_timer_free(http->timer);
    curl_global_cleanup();
    rb_free(http);
}
