/* SPDX-License-Identifier: Apache-2.0 */
/* Work for a thread of the pool: for calls that block or compute for longer than a few
 * milliseconds. */
#ifndef REBAKE_LOOP_WORK_H
#define REBAKE_LOOP_WORK_H

#include "rebake/loop/loop.h"

/* run is called on a pool thread and must touch nothing but its context; done is called on the loop
   thread afterwards. The context stays the caller's. */
void rb_work_queue(struct rb_loop *loop, void (*run)(void *context), void (*done)(void *context),
                   void *context);

#endif
