/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/loop.h"

#include <stdio.h>
#include <uv.h>

#include "rebake/base/memory.h"

struct rb_loop {
    uv_loop_t uv;
};

struct rb_loop *rb_loop_new(void)
{
    struct rb_loop *loop = rb_zalloc(sizeof(*loop));
    RB_ASSERT(uv_loop_init(&loop->uv) == 0);
    return loop;
}

void rb_loop_free(struct rb_loop *loop)
{
    if (loop == NULL)
        return;
    while (uv_loop_alive(&loop->uv) && uv_run(&loop->uv, UV_RUN_NOWAIT) != 0)
        ;
    int handles_left = uv_loop_close(&loop->uv);
    if (handles_left != 0)
        uv_print_all_handles(&loop->uv, stderr);
    RB_ASSERT(handles_left == 0);
    rb_free(loop);
}

void rb_loop_cleanup(struct rb_loop **loop)
{
    rb_loop_free(*loop);
}

void rb_loop_run(struct rb_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void rb_loop_run_once(struct rb_loop *loop)
{
    (void)uv_run(&loop->uv, UV_RUN_ONCE);
}

void rb_loop_stop(struct rb_loop *loop)
{
    uv_stop(&loop->uv);
}

struct uv_loop_s *rb_loop_uv(struct rb_loop *loop)
{
    return &loop->uv;
}
