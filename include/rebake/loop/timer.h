/* SPDX-License-Identifier: Apache-2.0 */
/* A timer. It counts monotonic time, so a stepped wall clock neither fires nor delays it. */
#ifndef REBAKE_LOOP_TIMER_H
#define REBAKE_LOOP_TIMER_H

#include <stdint.h>

#include "rebake/loop/loop.h"

struct rb_timer;
typedef void rb_timer_cb(void *context);

struct rb_timer *rb_timer_new(struct rb_loop *loop, rb_timer_cb *fired, void *context);
/* Fires after delay_ms and then every repeat_ms (0: once). A running timer is set anew. */
void rb_timer_start(struct rb_timer *timer, int64_t delay_ms, int64_t repeat_ms);
void rb_timer_stop(struct rb_timer *timer);
void rb_timer_free(struct rb_timer *timer); /* from any callback; NULL is allowed */

#endif
