/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/loop/channel.h"

#include <stdint.h>
#include <string.h>
#include <uv.h>

#include "rebake/base/memory.h"

enum { READ_BLOCK = 64 * 1024 };

struct rb_channel {
    uv_pipe_t pipe;
    rb_channel_cb *received;
    void *context;
    char block[READ_BLOCK];
};

/* What the socket did not take at once. */
struct rest {
    uv_write_t write;
    char data[];
};

static void lend_block(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct rb_channel *channel = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(channel->block, READ_BLOCK);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    struct rb_channel *channel = stream->data;
    if (size > 0) {
        channel->received(channel->context, buffer->base, (size_t)size);
    } else if (size < 0) {
        (void)uv_read_stop(stream);
        channel->received(channel->context, NULL, 0);
    }
}

struct rb_channel *rb_channel_new(struct rb_loop *loop, int fd, rb_channel_cb *received,
                                  void *context)
{
    struct rb_channel *channel = rb_zalloc(sizeof(*channel));
    channel->received = received;
    channel->context = context;
    RB_ASSERT(uv_pipe_init(rb_loop_uv(loop), &channel->pipe, 0) == 0);
    channel->pipe.data = channel;
    RB_ASSERT(uv_pipe_open(&channel->pipe, fd) == 0);
    RB_ASSERT(uv_read_start((uv_stream_t *)&channel->pipe, lend_block, on_read) == 0);
    return channel;
}

static void rest_written(uv_write_t *write, int status)
{
    (void)status;
    rb_free(rb_container_of(write, struct rest, write));
}

void rb_channel_write(struct rb_channel *channel, const void *data, size_t size)
{
    uv_stream_t *stream = (uv_stream_t *)&channel->pipe;
    uv_buf_t whole = uv_buf_init((char *)(uintptr_t)data, (unsigned)size);
    int taken = uv_try_write(stream, &whole, 1);
    if (taken < 0)
        taken = 0;
    if ((size_t)taken == size)
        return;
    size_t left = size - (size_t)taken;
    struct rest *rest = rb_alloc(sizeof(*rest) + left);
    memcpy(rest->data, (const char *)data + taken, left);
    uv_buf_t buffer = uv_buf_init(rest->data, (unsigned)left);
    if (uv_write(&rest->write, stream, &buffer, 1, rest_written) != 0)
        rb_free(rest);
}

static void channel_closed(uv_handle_t *handle)
{
    rb_free(handle->data);
}

void rb_channel_free(struct rb_channel *channel)
{
    if (channel != NULL)
        uv_close((uv_handle_t *)&channel->pipe, channel_closed);
}
