/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/work.h"

#include <uv.h>

#include "rebake/base/memory.h"

struct work {
    uv_work_t uv;
    void (*run)(void *context);
    void (*done)(void *context);
    void *context;
};

/* worker thread */
static void work_run(uv_work_t *uv)
{
    struct work *work = rb_container_of(uv, struct work, uv);
    work->run(work->context);
}

static void work_done(uv_work_t *uv, int status)
{
    struct work *work = rb_container_of(uv, struct work, uv);
    RB_ASSERT(status == 0); /* work is never cancelled */
    work->done(work->context);
    rb_free(work);
}

void rb_work_queue(struct rb_loop *loop, void (*run)(void *context), void (*done)(void *context),
                   void *context)
{
    struct work *work = rb_zalloc(sizeof(*work));
    work->run = run;
    work->done = done;
    work->context = context;
    RB_ASSERT(uv_queue_work(rb_loop_uv(loop), &work->uv, work_run, work_done) == 0);
}
