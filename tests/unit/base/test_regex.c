/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/regex.h"

static void expressions_match_whole_texts(void **state)
{
    (void)state;
    static const struct {
        const char *pattern, *text, *piece; /* NULL: no match */
    } cases[] = {
        {"bookworm-([0-9]+)", "bookworm-20261124", "20261124"},
        {"^bookworm-([0-9]+)$", "bookworm-1", "1"},
        {"bookworm-([0-9]+)", "bookworm-1-slim", NULL},
        {"bookworm", "bookworm", "bookworm"},
        {"bookworm", "bookworm-slim", NULL},
        {"a|b", "b", "b"},
        {"a|b", "ab", NULL},
        {"v(a)?b", "vb", NULL},
        {"v(.*)", "v", ""},
        {"(a)(b)", "ab", "a"},
        {"[0-9]{8}", "20261124", "20261124"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_regex *regex = NULL;
        struct rb_err err;
        const char *piece = NULL;
        size_t size = 0;
        if (rb_regex_new(cases[i].pattern, &regex, &err) != 0)
            fail_msg("%s", err.text);
        bool found = rb_regex_match(regex, cases[i].text, &piece, &size);
        if (found != (cases[i].piece != NULL) ||
            (found && (size != strlen(cases[i].piece) || memcmp(piece, cases[i].piece, size) != 0)))
            fail_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
        rb_regex_free(regex);
    }
}

static void what_is_none_or_too_large_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "a)|(b",
        "(",
        "[",
        "(a)\\1",
        "a{1000}",
        "((a{20}){20}){20}",
        "(a{,300}){2,}",
        "a{2",
        "a++++++++++++++",
        "((((((((((((a+)+)+)+)+)+)+)+)+)+)+)+)+",
        "([a-z]+[)]+(\\.+x)+){99}",
    };
    static const char *const good[] = {
        "v[0-9]+\\.[0-9]+\\.[0-9]+-[a-z]+-[a-z]+-[a-z]+-[a-z]+-[a-z]+-[a-z]+-[a-z]+",
        "[]a+++++++]{30}",
        "(a{9}|b{9}){20}",
        "(ab)*(cd){0,99}",
        "[[:alpha:]]{9}\\+\\+\\+\\+\\+\\+\\+\\+\\+\\+",
    };
    struct rb_regex *regex = NULL;
    struct rb_err err;
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        if (rb_regex_new(bad[i], &regex, &err) != RB_EINVALID)
            fail_msg("\"%s\" was accepted", bad[i]);
    }
    for (size_t i = 0; i < RB_COUNT_OF(good); i++) {
        if (rb_regex_new(good[i], &regex, &err) != 0)
            fail_msg("\"%s\": %s", good[i], err.text);
        rb_regex_free(regex);
    }
    char pattern[RB_REGEX_MAXIMUM + 2];
    memset(pattern, 'a', sizeof(pattern));
    pattern[RB_REGEX_MAXIMUM + 1] = '\0';
    assert_int_equal(rb_regex_new(pattern, &regex, &err), RB_EINVALID);
}

static void a_text_that_is_too_long_does_not_match(void **state)
{
    (void)state;
    struct rb_regex *regex = NULL;
    const char *piece;
    size_t size;
    char text[RB_REGEX_TEXT_MAXIMUM + 2];
    memset(text, 'a', sizeof(text));
    text[RB_REGEX_TEXT_MAXIMUM] = '\0';
    assert_int_equal(rb_regex_new("(a*)*", &regex, NULL), 0);
    assert_true(rb_regex_match(regex, text, &piece, &size));
    text[RB_REGEX_TEXT_MAXIMUM] = 'a';
    text[RB_REGEX_TEXT_MAXIMUM + 1] = '\0';
    assert_false(rb_regex_match(regex, text, &piece, &size));
    rb_regex_free(regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_match_whole_texts),
        cmocka_unit_test(what_is_none_or_too_large_is_refused),
        cmocka_unit_test(a_text_that_is_too_long_does_not_match),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
