/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/signal.h"

#include <uv.h>

#include "rebake/base/memory.h"

struct rb_signal {
    uv_signal_t uv;
    void (*caught)(void *context);
    void *context;
};

static void signal_caught(uv_signal_t *uv, int number)
{
    struct rb_signal *watch = rb_container_of(uv, struct rb_signal, uv);
    (void)number;
    watch->caught(watch->context);
}

struct rb_signal *rb_signal_watch(struct rb_loop *loop, int number, void (*caught)(void *context),
                                  void *context)
{
    struct rb_signal *watch = rb_zalloc(sizeof(*watch));
    watch->caught = caught;
    watch->context = context;
    RB_ASSERT(uv_signal_init(rb_loop_uv(loop), &watch->uv) == 0);
    RB_ASSERT(uv_signal_start(&watch->uv, signal_caught, number) == 0);
    return watch;
}

static void watch_closed(uv_handle_t *handle)
{
    rb_free(rb_container_of(handle, struct rb_signal, uv));
}

void rb_signal_free(struct rb_signal *watch)
{
    if (watch != NULL)
        uv_close((uv_handle_t *)&watch->uv, watch_closed);
}
