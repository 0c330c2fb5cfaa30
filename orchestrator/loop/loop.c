/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/loop.h"

#include <signal.h>
#include <stdio.h>
#include <uv.h>

#include "process_end.h"
#include "rebake/base/memory.h"

struct rb_loop {
    uv_loop_t uv;
};

struct rb_loop *rb_loop_new(void)
{
    struct rb_loop *loop = rb_zalloc(sizeof(*loop));
    /* libuv writes without MSG_NOSIGNAL: a peer that went away would end us. */
    (void)signal(SIGPIPE, SIG_IGN);
    RB_ASSERT(uv_loop_init(&loop->uv) == 0);
    return loop;
}

static void count_if_left(uv_handle_t *handle, void *context)
{
    if (!uv_is_closing(handle))
        (*(size_t *)context)++;
}

static void find_ending(uv_handle_t *handle, void *context)
{
    bool *is_ending = context;
    *is_ending = *is_ending || rb_process_is_ending(handle);
}

/* Whoever killed a child need not wait for it: its end frees what is left. */
static bool children_are_ending(struct rb_loop *loop)
{
    bool is_ending = false;
    uv_walk(&loop->uv, find_ending, &is_ending);
    return is_ending;
}

void rb_loop_free(struct rb_loop *loop)
{
    size_t handles_left = 0;
    if (loop == NULL)
        return;
    while (children_are_ending(loop))
        (void)uv_run(&loop->uv, UV_RUN_ONCE);
    uv_walk(&loop->uv, count_if_left, &handles_left);
    if (handles_left != 0)
        uv_print_all_handles(&loop->uv, stderr);
    RB_ASSERT(handles_left == 0);
    while (uv_run(&loop->uv, UV_RUN_DEFAULT) != 0) /* again where it was told to stop */
        ;
    RB_ASSERT(uv_loop_close(&loop->uv) == 0);
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

/* "Once" of libuv runs the timers that are due and then waits for I/O all the same, even where a
   timer brought what the caller waits for. The mark tells timer.c to end the turn. */
void rb_loop_run_once(struct rb_loop *loop)
{
    loop->uv.data = loop;
    (void)uv_run(&loop->uv, UV_RUN_ONCE);
    loop->uv.data = NULL;
}

void rb_loop_stop(struct rb_loop *loop)
{
    uv_stop(&loop->uv);
}

struct uv_loop_s *rb_loop_uv(struct rb_loop *loop)
{
    return &loop->uv;
}
