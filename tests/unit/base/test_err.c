/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/err.h"
#include "rebake/base/memory.h"

static void test_set(void **state)
{
    (void)state;
    struct rb_err err = {.system = 5};
    assert_int_equal(rb_err_set(&err, RB_EAUTH, "%s refuses %d", "registry", 3), RB_EAUTH);
    assert_int_equal(err.code, RB_EAUTH);
    assert_int_equal(err.system, 0);
    assert_string_equal(err.text, "registry refuses 3");
    assert_int_equal(rb_err_set(NULL, RB_EHTTP, "nobody listens"), RB_EHTTP);
}

/* The words of others must not break a line, a table or a terminal. */
static void test_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *text;
    } ROWS[] = {
        {"two\nlines\r\n", "two lines"}, {"a\tb", "a b"},
        {"trailing  \n \n", "trailing"}, {"\n", ""},
        {"\x1b[2Jgone", " [2Jgone"},     {"bell\a and \x7f", "bell  and"},
        {"csi \xc2\x9bm", "csi   m"},    {"M\xc3\xbcller", "M\xc3\xbcller"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        struct rb_err err;
        (void)rb_err_set(&err, RB_EIO, "%s", ROWS[i].words);
        assert_string_equal(err.text, ROWS[i].text);
    }
}

static void test_system_errors(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum rb_errc code;
    } ROWS[] = {{ENOENT, RB_ENOTFOUND},    {EEXIST, RB_EEXIST}, {ETIMEDOUT, RB_ETIMEOUT},
                {ECANCELED, RB_ECANCELED}, {EACCES, RB_EIO},    {ENOSPC, RB_EIO}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        struct rb_err err;
        assert_int_equal(rb_err_sys(&err, ROWS[i].number, "open %s", "/x"), ROWS[i].code);
        assert_int_equal(rb_err_sys(NULL, ROWS[i].number, "open %s", "/x"), ROWS[i].code);
        assert_int_equal(err.code, ROWS[i].code);
        assert_int_equal(err.system, ROWS[i].number);
        assert_int_equal(strncmp(err.text, "open /x: ", 9), 0);
        assert_true(strlen(err.text) > 9);
    }
}

static void test_wrap_and_copy(void **state)
{
    (void)state;
    struct rb_err err, copy;
    (void)rb_err_sys(&err, ENOENT, "open %s", "/x");
    assert_int_equal(rb_err_wrap(&err, "build %d", 7), RB_ENOTFOUND);
    assert_int_equal(err.system, ENOENT);
    assert_int_equal(strncmp(err.text, "build 7: open /x: ", 18), 0);
    assert_int_equal(rb_err_copy(&copy, &err), RB_ENOTFOUND);
    assert_memory_equal(&copy, &err, sizeof(err));
    assert_int_equal(rb_err_copy(NULL, &err), RB_ENOTFOUND);
    assert_int_equal(rb_err_copy(&copy, NULL), RB_EINTERNAL);
    assert_true(rb_err_wrap(NULL, "nobody listens") < 0);
}

static void test_text_is_bounded(void **state)
{
    (void)state;
    struct rb_err err;
    char words[3 * RB_ERR_TEXT_SIZE];
    memset(words, 'x', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    assert_int_equal(rb_err_set(&err, RB_ELIMIT, "%s", words), RB_ELIMIT);
    assert_int_equal(strlen(err.text), RB_ERR_TEXT_SIZE - 1);
    assert_int_equal(rb_err_wrap(&err, "%s", words), RB_ELIMIT);
    assert_int_equal(strlen(err.text), RB_ERR_TEXT_SIZE - 1);
    assert_int_equal(rb_err_sys(&err, ENOENT, "%s", words), RB_ENOTFOUND);
    assert_int_equal(strlen(err.text), RB_ERR_TEXT_SIZE - 1);
}

static void test_codes(void **state)
{
    (void)state;
    const char *names[16] = {0};
    for (int code = RB_EINTERNAL; code <= RB_OK; code++) {
        const char *name = rb_errc_name((enum rb_errc)code);
        assert_string_not_equal(name, "unknown");
        for (int other = 0; other < -code; other++)
            assert_true(names[other] == NULL || strcmp(names[other], name) != 0);
        names[-code] = name;
        bool transient = code == RB_ENETWORK || code == RB_ETIMEOUT || code == RB_EBUSY;
        assert_int_equal(rb_errc_is_transient((enum rb_errc)code), transient);
    }
    assert_string_equal(rb_errc_name(RB_EVERIFY), "verification");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_one_line),
        cmocka_unit_test(test_system_errors),
        cmocka_unit_test(test_wrap_and_copy),
        cmocka_unit_test(test_text_is_bounded),
        cmocka_unit_test(test_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
