/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

static void test_append(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf buffer = RB_STRBUF_INIT(1000);
    assert_string_equal(rb_strbuf_text(&buffer), "");
    assert_true(rb_strbuf_puts(&buffer, "one"));
    assert_true(rb_strbuf_putc(&buffer, ' '));
    assert_true(rb_strbuf_printf(&buffer, "%d-%s", 2, "two"));
    assert_true(rb_strbuf_append(&buffer, "\0x", 2));
    assert_true(rb_strbuf_append(&buffer, NULL, 0));
    assert_true(rb_strbuf_puts(&buffer, ""));
    assert_int_equal(buffer.size, 11);
    assert_memory_equal(buffer.data, "one 2-two\0x", 12);
    rb_strbuf_clear(&buffer);
    assert_int_equal(buffer.size, 0);
    assert_string_equal(rb_strbuf_text(&buffer), "");
}

/* Past its maximum a buffer keeps what it has whole, refuses all more, and remembers. */
static void test_maximum(void **state)
{
    (void)state;
    static const struct {
        size_t maximum;
        const char *texts[4];
        const char *kept;
        bool overflowed;
    } ROWS[] = {
        {4, {"abcd"}, "abcd", false},
        {4, {"abcde"}, "", true},
        {4, {"ab", "cd"}, "abcd", false},
        {4, {"ab", "cde"}, "ab", true},
        {4, {"ab", "cde", "x"}, "ab", true},
        {0, {""}, "", false},
        {0, {"a"}, "", true},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf put = RB_STRBUF_INIT(ROWS[i].maximum);
        RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf printed = RB_STRBUF_INIT(ROWS[i].maximum);
        for (const char *const *text = ROWS[i].texts; *text != NULL; text++) {
            bool put_it = rb_strbuf_puts(&put, *text);
            assert_int_equal(rb_strbuf_printf(&printed, "%s", *text), put_it);
        }
        assert_string_equal(rb_strbuf_text(&put), ROWS[i].kept);
        assert_string_equal(rb_strbuf_text(&printed), ROWS[i].kept);
        assert_int_equal(put.overflowed, ROWS[i].overflowed);
        assert_int_equal(printed.overflowed, ROWS[i].overflowed);
        rb_strbuf_clear(&put);
        assert_false(put.overflowed);
    }
}

static void test_grows(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf buffer = RB_STRBUF_INIT(1 << 20);
    for (int i = 0; i < 100000; i++)
        assert_true(rb_strbuf_putc(&buffer, (char)('a' + i % 26)));
    assert_int_equal(strlen(rb_strbuf_text(&buffer)), 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal(buffer.data[i], 'a' + i % 26);
}

static void test_steal(void **state)
{
    (void)state;
    struct rb_strbuf buffer = RB_STRBUF_INIT(100);
    RB_CLEANUP_FREE char *nothing = rb_strbuf_steal(&buffer);
    assert_string_equal(nothing, "");
    rb_strbuf_puts(&buffer, "mine");
    RB_CLEANUP_FREE char *text = rb_strbuf_steal(&buffer);
    assert_string_equal(text, "mine");
    assert_null(buffer.data);
    assert_true(rb_strbuf_puts(&buffer, "again")); /* usable as before */
    assert_string_equal(rb_strbuf_text(&buffer), "again");
    rb_strbuf_deinit(&buffer);
    rb_strbuf_deinit(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_maximum),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_steal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
