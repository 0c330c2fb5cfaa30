/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/timer.h"

#include <uv.h>

#include "rebake/base/memory.h"

struct rb_timer {
    uv_timer_t uv;
    rb_timer_cb *fired;
    void *context;
};

struct rb_timer *rb_timer_new(struct rb_loop *loop, rb_timer_cb *fired, void *context)
{
    struct rb_timer *timer = rb_zalloc(sizeof(*timer));
    RB_ASSERT(uv_timer_init(rb_loop_uv(loop), &timer->uv) == 0);
    timer->fired = fired;
    timer->context = context;
    return timer;
}

static void timer_fired(uv_timer_t *uv)
{
    struct rb_timer *timer = rb_container_of(uv, struct rb_timer, uv);
    if (uv->loop->data != NULL)
        uv_stop(uv->loop); /* rb_loop_run_once has had its event */
    timer->fired(timer->context);
}

void rb_timer_start(struct rb_timer *timer, int64_t delay_ms, int64_t repeat_ms)
{
    /* libuv counts from the loop's cached time: without an update a delay set after long work in a
       callback would be shorter than asked. */
    uv_update_time(timer->uv.loop);
    RB_ASSERT(uv_timer_start(&timer->uv, timer_fired, delay_ms < 0 ? 0 : (uint64_t)delay_ms,
                             repeat_ms < 0 ? 0 : (uint64_t)repeat_ms) == 0);
}

void rb_timer_stop(struct rb_timer *timer)
{
    (void)uv_timer_stop(&timer->uv);
}

static void timer_closed(uv_handle_t *handle)
{
    rb_free(rb_container_of(handle, struct rb_timer, uv));
}

void rb_timer_free(struct rb_timer *timer)
{
    if (timer != NULL)
        uv_close((uv_handle_t *)&timer->uv, timer_closed);
}
