/* SPDX-License-Identifier: Apache-2.0 */
/* A stream of bytes in both directions over a connected socket, to another process. */
#ifndef REBAKE_LOOP_CHANNEL_H
#define REBAKE_LOOP_CHANNEL_H

#include <stddef.h>

#include "rebake/loop/loop.h"

struct rb_channel;

/* Bytes came, borrowed for the call; or, with size 0, the other end is gone: no more will come. The
   channel may be freed from within it. */
typedef void rb_channel_cb(void *context, const char *data, size_t size);

/* Takes the descriptor over. */
struct rb_channel *rb_channel_new(struct rb_loop *loop, int fd, rb_channel_cb *received,
                                  void *context);
/* Sends size bytes behind what was sent before, at once as far as the socket takes them. What
   cannot be sent is dropped: the end is told of by received. */
void rb_channel_write(struct rb_channel *channel, const void *data, size_t size);
/* Closes it; received will not be called. What was not sent yet is dropped. NULL is allowed. */
void rb_channel_free(struct rb_channel *channel);

#endif
