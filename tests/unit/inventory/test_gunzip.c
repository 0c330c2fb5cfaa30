/* SPDX-License-Identifier: Apache-2.0 */
/* Streams that zlib packed, in pieces of any size, whole and spoilt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "gunzip.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { ROOM = 1 << 20 };

struct packed {
    unsigned char *data;
    size_t size;
};

static void packed_deinit(struct packed *packed)
{
    rb_free(packed->data);
}

/* Appends a member; level 0 only stores. */
static void pack(struct packed *packed, const void *data, size_t size, int level)
{
    z_stream stream = {0};
    if (packed->data == NULL)
        packed->data = rb_alloc(ROOM);
    assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = packed->data + packed->size;
    stream.avail_out = (uInt)(ROOM - packed->size);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed->size = ROOM - stream.avail_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

/* Unpacks what comes in pieces of that many bytes. */
static int unpack(const struct packed *packed, size_t piece, struct rb_strbuf *out,
                  struct rb_err *err)
{
    struct gunzip *gunzip = gunzip_new();
    size_t fed = 0;
    int status = 0;
    bool ended = false;
    while (status == 0 && !ended) {
        const void *data;
        size_t size;
        status = gunzip_read(gunzip, &data, &size, &ended, err);
        if (status == 0 && size > 0) {
            assert_true(rb_strbuf_append(out, data, size));
        } else if (status == 0 && !ended) {
            size_t next = packed->size - fed < piece ? packed->size - fed : piece;
            gunzip_feed(gunzip, packed->data + fed, next);
            fed += next;
        }
    }
    gunzip_free(gunzip);
    return status;
}

static void expect_text(const struct packed *packed, size_t piece, const char *wanted, size_t size)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(64 << 20);
    struct rb_err err = {0};
    int status = unpack(packed, piece, &out, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, 0);
    assert_int_equal(out.size, size);
    assert_memory_equal(rb_strbuf_text(&out), wanted, size);
}

static void test_pieces_of_any_size(void **state)
{
    (void)state;
    static char text[200000];
    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + (i * i / 7) % 23);
    for (int level = 0; level <= 9; level += 3) {
        RB_CLEANUP(packed_deinit) struct packed packed = {0};
        pack(&packed, text, sizeof(text), level);
        static const size_t PIECES[] = {1, 2, 3, 7, 8, 9, 100, 4096, ROOM};
        for (size_t i = 0; i < RB_COUNT_OF(PIECES); i++)
            expect_text(&packed, PIECES[i], text, sizeof(text));
    }
}

static void test_members_follow_one_another(void **state)
{
    (void)state;
    RB_CLEANUP(packed_deinit) struct packed packed = {0};
    char wanted[4096];
    size_t size = 0;
    for (int i = 0; i < 40; i++) { /* of all lengths, so that members end at any bit */
        char text[64];
        memset(text, 'a' + i % 26, sizeof(text));
        pack(&packed, text, (size_t)i, i % 10);
        memcpy(wanted + size, text, (size_t)i);
        size += (size_t)i;
    }
    for (size_t piece = 1; piece < 70; piece++)
        expect_text(&packed, piece, wanted, size);
    expect_text(&packed, ROOM, wanted, size);
}

static void test_what_stands_behind_is_left_alone(void **state)
{
    (void)state;
    static const char *const BEHIND[] = {"\n", "\0\0\0\0", "\x1f", "trailing garbage"};
    static const size_t SIZES[] = {1, 4, 1, 16};
    for (size_t i = 0; i < RB_COUNT_OF(BEHIND); i++) {
        RB_CLEANUP(packed_deinit) struct packed packed = {0};
        pack(&packed, "content", 7, 6);
        memcpy(packed.data + packed.size, BEHIND[i], SIZES[i]);
        packed.size += SIZES[i];
        for (size_t piece = 1; piece < 40; piece++)
            expect_text(&packed, piece, "content", 7);
    }
}

static void test_cut_short_anywhere(void **state)
{
    (void)state;
    static const char text[] = "some text, some more text, and some text again";
    RB_CLEANUP(packed_deinit) struct packed packed = {0};
    pack(&packed, text, sizeof(text), 6);
    for (size_t cut = 2; cut < packed.size; cut++) {
        const struct packed part = {packed.data, cut};
        for (size_t piece = 1; piece <= cut; piece += 11) {
            RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(4096);
            struct rb_err err;
            assert_int_equal(unpack(&part, piece, &out, &err), RB_EINVALID);
            assert_string_equal(err.text, "it ends early");
        }
    }
}

static void test_spoilt(void **state)
{
    (void)state;
    static const char text[] = "some text, some more text, and some text again";
    RB_CLEANUP(packed_deinit) struct packed packed = {0};
    pack(&packed, text, sizeof(text), 6);
    struct rb_err err;
    for (size_t i = packed.size - 8; i < packed.size - 4; i++) { /* the checksum */
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(4096);
        packed.data[i] ^= 1;
        assert_int_equal(unpack(&packed, ROOM, &out, &err), RB_EINVALID);
        assert_string_equal(err.text, "its checksum is not that of its content");
        packed.data[i] ^= 1;
    }
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf out = RB_STRBUF_INIT(4096);
    packed.data[10] |= 6; /* a type of block that there is not */
    assert_int_equal(unpack(&packed, 1, &out, &err), RB_EINVALID);
    packed.data[2] = 7; /* the method */
    assert_int_equal(unpack(&packed, 1, &out, &err), RB_EINVALID);
    assert_string_equal(err.text, "it has no good header of gzip's");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_of_any_size),
        cmocka_unit_test(test_members_follow_one_another),
        cmocka_unit_test(test_what_stands_behind_is_left_alone),
        cmocka_unit_test(test_cut_short_anywhere),
        cmocka_unit_test(test_spoilt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
