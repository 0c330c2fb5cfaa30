/* SPDX-License-Identifier: Apache-2.0 */
/* Signals, delivered on the loop. */
#ifndef REBAKE_LOOP_SIGNAL_H
#define REBAKE_LOOP_SIGNAL_H

#include "rebake/loop/loop.h"

struct rb_signal;

struct rb_signal *rb_signal_watch(struct rb_loop *loop, int number, void (*caught)(void *context),
                                  void *context);
void rb_signal_free(struct rb_signal *watch); /* NULL is allowed */

#endif
