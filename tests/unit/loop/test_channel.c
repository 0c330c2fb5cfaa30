/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/loop/channel.h"

enum { BIG = 4 << 20 };

struct end {
    struct rb_channel *channel;
    struct rb_strbuf text;
    int ends;
    size_t wanted; /* free the channel when so much is there; 0: never */
};

static void received(void *context, const char *data, size_t size)
{
    struct end *end = context;
    end->ends += size == 0;
    (void)rb_strbuf_append(&end->text, data, size);
    if (end->wanted > 0 && end->text.size >= end->wanted)
        rb_channel_free(rb_steal(&end->channel));
}

static void open_pair(struct rb_loop *loop, struct end *end, int *ret_other)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    *end = (struct end){.text = RB_STRBUF_INIT(BIG)};
    end->channel = rb_channel_new(loop, pair[0], received, end);
    *ret_other = pair[1];
}

static void bytes_go_both_ways(void **state)
{
    struct rb_loop *loop = rb_loop_new();
    struct end end;
    char got[16] = "";
    int other;
    (void)state;
    open_pair(loop, &end, &other);
    rb_channel_write(end.channel, "question", 8);
    assert_int_equal(read(other, got, sizeof(got)), 8);
    assert_string_equal(got, "question");
    assert_int_equal(rb_write_all(other, "answer", 6, NULL), 0);
    while (end.text.size < 6)
        rb_loop_run_once(loop);
    assert_string_equal(rb_strbuf_text(&end.text), "answer");
    (void)close(other);
    while (end.ends == 0)
        rb_loop_run_once(loop);
    rb_channel_write(end.channel, "nobody", 6);
    rb_channel_free(end.channel);
    rb_loop_free(loop);
    assert_int_equal(end.ends, 1);
    rb_strbuf_deinit(&end.text);
}

/* More than the kernel keeps waits here, in order. */
static void a_slow_reader_gets_all_of_it(void **state)
{
    struct rb_loop *loop = rb_loop_new();
    RB_CLEANUP_FREE char *sent = rb_alloc(BIG);
    struct end left, right = {.text = RB_STRBUF_INIT(BIG), .wanted = BIG};
    int other;
    (void)state;
    for (size_t i = 0; i < BIG; i++)
        sent[i] = (char)(i * 7 / 3);
    open_pair(loop, &left, &other);
    for (size_t i = 0; i < 4; i++)
        rb_channel_write(left.channel, sent + i * (BIG / 4), BIG / 4);
    right.channel = rb_channel_new(loop, other, received, &right);
    while (right.channel != NULL)
        rb_loop_run_once(loop);
    assert_int_equal(right.text.size, BIG);
    assert_memory_equal(right.text.data, sent, BIG);
    rb_channel_free(left.channel);
    rb_loop_free(loop);
    rb_strbuf_deinit(&right.text);
}

static void what_was_not_sent_is_dropped(void **state)
{
    struct rb_loop *loop = rb_loop_new();
    RB_CLEANUP_FREE char *sent = rb_zalloc(BIG);
    struct end end;
    int other;
    (void)state;
    open_pair(loop, &end, &other);
    rb_channel_write(end.channel, sent, BIG);
    rb_channel_free(end.channel);
    rb_channel_free(NULL);
    rb_loop_free(loop);
    (void)close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_go_both_ways),
        cmocka_unit_test(a_slow_reader_gets_all_of_it),
        cmocka_unit_test(what_was_not_sent_is_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
