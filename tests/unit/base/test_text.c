/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/text.h"

static void test_comparisons(void **state)
{
    (void)state;
    assert_true(rb_text_equal(NULL, NULL));
    assert_true(rb_text_equal("a", "a"));
    assert_false(rb_text_equal("a", "b"));
    assert_false(rb_text_equal("", NULL));
    assert_false(rb_text_equal(NULL, ""));
    assert_true(rb_text_is_empty(NULL));
    assert_true(rb_text_is_empty(""));
    assert_false(rb_text_is_empty(" "));
    static const struct {
        const char *text;
        const char *part;
        bool starts;
        bool ends;
    } ROWS[] = {
        {"", "", true, true},       {"abc", "", true, true},    {"abc", "ab", true, false},
        {"abc", "bc", false, true}, {"abc", "abc", true, true}, {"abc", "abcd", false, false},
        {"", "a", false, false},    {"abab", "ab", true, true}, {"abc", "b", false, false},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        assert_int_equal(rb_text_starts_with(ROWS[i].text, ROWS[i].part), ROWS[i].starts);
        assert_int_equal(rb_text_ends_with(ROWS[i].text, ROWS[i].part), ROWS[i].ends);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_u64;
        uint64_t u64;
        bool is_i64;
        int64_t i64;
    } ROWS[] = {
        {"0", true, 0, true, 0},
        {"00042", true, 42, true, 42},
        {"9223372036854775807", true, INT64_MAX, true, INT64_MAX},
        {"9223372036854775808", true, UINT64_C(9223372036854775808), false, 0},
        {"18446744073709551615", true, UINT64_MAX, false, 0},
        {"18446744073709551616", false, 0, false, 0},
        {"99999999999999999999999", false, 0, false, 0},
        {"-1", false, 0, true, -1},
        {"-9223372036854775807", false, 0, true, -INT64_MAX},
        {"-9223372036854775808", false, 0, true, INT64_MIN},
        {"-9223372036854775809", false, 0, false, 0},
        {"", false, 0, false, 0},
        {"-", false, 0, false, 0},
        {"--1", false, 0, false, 0},
        {"+1", false, 0, false, 0},
        {" 1", false, 0, false, 0},
        {"1 ", false, 0, false, 0},
        {"0x10", false, 0, false, 0},
        {"1e3", false, 0, false, 0},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        uint64_t u64 = 77;
        int64_t i64 = 77;
        if (rb_text_to_u64(ROWS[i].text, &u64) != ROWS[i].is_u64 ||
            u64 != (ROWS[i].is_u64 ? ROWS[i].u64 : 77))
            fail_msg("\"%s\" unsigned: %llu", ROWS[i].text, (unsigned long long)u64);
        if (rb_text_to_i64(ROWS[i].text, &i64) != ROWS[i].is_i64 ||
            i64 != (ROWS[i].is_i64 ? ROWS[i].i64 : 77))
            fail_msg("\"%s\" signed: %lld", ROWS[i].text, (long long)i64);
    }
}

static void test_glob(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool match;
    } ROWS[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"*", "", true},
        {"*", "abc", true},
        {"*", "a/b", false},
        {"**", "a/b", true},
        {"**", "", true},
        {"?", "a", true},
        {"?", "/", false},
        {"?", "", false},
        {"/etc/*", "/etc/motd", true},
        {"/etc/*", "/etc/ssl/certs", false},
        {"/etc/**", "/etc/ssl/certs", true},
        {"/etc/**", "/etc", false},
        {"/**/*.pyc", "/usr/lib/python3/x.pyc", true},
        {"/**/*.pyc", "/usr/lib/python3/x.py", false},
        {"**/cache/*", "/var/cache/apt", true},
        {"**/cache/*", "/var/cache/apt/x", false},
        {"*.log", "a.log.log", true},
        {"*a*a*b", "aaaaab", true},
        {"*/b", "a/b", true},
        {"*/b", "a/a/b", false},
        {"***", "a/b", true},
        {"a**b*c", "a/x/byyc", true},
        {"a**b*c", "a/x/by/yc", false},
        {"[a]", "a", false}, /* no classes */
        {"[a]", "[a]", true},
        {"\\*", "*", false}, /* no escapes */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        if (rb_text_glob(ROWS[i].pattern, ROWS[i].text) != ROWS[i].match)
            fail_msg("\"%s\" on \"%s\"", ROWS[i].pattern, ROWS[i].text);
    }
}

/* What the contract says, without any care for time. */
static bool glob_plainly(const char *pattern, const char *text)
{
    if (pattern[0] == '*') {
        bool across = pattern[1] == '*';
        for (;; text++) {
            if (glob_plainly(pattern + 1 + across, text))
                return true;
            if (*text == '\0' || (*text == '/' && !across))
                return false;
        }
    }
    if (*text == '\0' || *pattern == '\0')
        return *text == *pattern;
    return (*pattern == *text || (*pattern == '?' && *text != '/')) &&
           glob_plainly(pattern + 1, text + 1);
}

static void random_text(struct rb_random *random, const char *alphabet, char *out, size_t most)
{
    size_t size = rb_random_below(random, most + 1);
    for (size_t i = 0; i < size; i++)
        out[i] = alphabet[rb_random_below(random, strlen(alphabet))];
    out[size] = '\0';
}

static void test_glob_agrees_with_the_plain_way(void **state)
{
    (void)state;
    struct rb_random random;
    rb_random_seed(&random, 3);
    for (int i = 0; i < 200000; i++) {
        char pattern[9], text[11];
        random_text(&random, "ab/**?", pattern, sizeof(pattern) - 1);
        random_text(&random, "aab/", text, sizeof(text) - 1);
        if (rb_text_glob(pattern, text) != glob_plainly(pattern, text))
            fail_msg("\"%s\" on \"%s\"", pattern, text);
    }
}

static void test_glob_ends_in_time(void **state)
{
    (void)state;
    char text[3001];
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    assert_false(rb_text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", text));
    assert_false(rb_text_glob("**a**a**a**a**a**a**a**a**a**b", text));
    assert_false(rb_text_glob("**a*a**a*a**a*a**a*a**a*a**a*b", text));
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"needs", "network", "name", "notify", NULL};
    static const char *const NONE[] = {NULL};
    static const char *const TWINS[] = {"ab", "ac", NULL};
    static const struct {
        const char *text;
        const char *const *candidates;
        const char *nearest; /* NULL: none is near */
    } ROWS[] = {
        {"neds", KEYS, "needs"},
        {"netwrok", KEYS, "network"},
        {"nmae", KEYS, "name"},
        {"needs", KEYS, "needs"},
        {"neworks", KEYS, "network"},
        {"volumes", KEYS, NULL},
        {"x", KEYS, NULL},
        {"", KEYS, NULL},
        {"needs", NONE, NULL},
        {"ad", TWINS, "ab"}, /* the first of equals */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        const char *nearest = rb_text_nearest(ROWS[i].text, ROWS[i].candidates);
        if (!rb_text_equal(nearest, ROWS[i].nearest))
            fail_msg("\"%s\": %s", ROWS[i].text, nearest == NULL ? "none" : nearest);
    }
    char longest[100];
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const itself[] = {longest, "needs", NULL};
    assert_null(rb_text_nearest(longest, itself));
    assert_string_equal(rb_text_nearest("needz", itself), "needs");
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_name;
    } ROWS[] = {
        {"a", true},
        {"0", true},
        {"shop-runtime_2.x", true},
        {"", false},
        {"-a", false},
        {".a", false},
        {"_a", false},
        {"A", false},
        {"a/b", false},
        {"a b", false},
        {"a\xc3\xa4", false},
        {"a\n", false},
        {"a-", true},
        {"a..b", true},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true},   /* 63 */
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false}, /* 64 */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        if (rb_text_is_name(ROWS[i].text) != ROWS[i].is_name)
            fail_msg("\"%s\"", ROWS[i].text);
    }
}

/* RFC 3629 section 4, with the classic malformed sequences. */
static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size; /* of the sequence at its start; 0: malformed */
    } ROWS[] = {
        {"a", 1},
        {"\x7f", 1},
        {"\xc2\x80", 2},         /* U+0080 */
        {"\xdf\xbf", 2},         /* U+07FF */
        {"\xe0\xa0\x80", 3},     /* U+0800 */
        {"\xed\x9f\xbf", 3},     /* U+D7FF */
        {"\xee\x80\x80", 3},     /* U+E000 */
        {"\xf0\x90\x80\x80", 4}, /* U+10000 */
        {"\xf4\x8f\xbf\xbf", 4}, /* U+10FFFF */
        {"\x80", 0},             /* a continuation alone */
        {"\xc0\xaf", 0},         /* '/', overlong */
        {"\xc1\xbf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xed\xa0\x80", 0},     /* a surrogate */
        {"\xf4\x90\x80\x80", 0}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
        {"\xc3", 0}, /* cut short */
        {"\xe2\x82", 0},
        {"\xf0\x9f\x92", 0},
        {"\xc3(", 0},
        {"\xe2\x28\xa1", 0},
        {"\xe2\x82(", 0},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        size_t size = strlen(ROWS[i].text);
        if (rb_text_utf8_sequence(ROWS[i].text, size) != ROWS[i].size)
            fail_msg("row %zu: %zu", i, rb_text_utf8_sequence(ROWS[i].text, size));
        assert_int_equal(rb_text_is_utf8(ROWS[i].text, size), ROWS[i].size == size);
    }
    assert_true(rb_text_is_utf8("", 0));
    assert_true(rb_text_is_utf8("a\0b", 3));
    assert_true(rb_text_is_utf8("M\xc3\xbcller", 7));
    assert_false(rb_text_is_utf8("M\xc3\xbcller", 2));
    assert_int_equal(rb_text_utf8_sequence("", 0), 0);
}

static void test_printable(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t out_size;
        const char *shown;
    } ROWS[] = {
        {"plain", 20, "plain"},
        {"", 20, ""},
        {"a\nb\tc\x7f", 20, "a?b?c?"},
        {"\x1b[2J", 20, "?[2J"},
        {"M\xc3\xbcller", 20, "M\xc3\xbcller"},
        {"a\xc2\x9b"
         "2J",
         20, "a?2J"}, /* U+009B is CSI to a terminal */
        {"a\x9b"
         "2J",
         20, "a?2J"}, /* and so is the byte alone */
        {"a\xffz", 20, "a?z"},
        {"a\xe2\x82", 20, "a??"},
        {"abcdef", 4, "abc"},
        {"abcdef", 1, ""},
        {"ab\xc3\xbc", 4, "ab"}, /* a character is not cut in two */
        {"ab\xc3\xbc", 5, "ab\xc3\xbc"},
        {"\xf0\x9f\x92\xa9", 4, ""},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        char out[20];
        assert_ptr_equal(rb_text_printable(ROWS[i].text, out, ROWS[i].out_size), out);
        if (strcmp(out, ROWS[i].shown) != 0)
            fail_msg("row %zu: \"%s\"", i, out);
    }
}

static void test_hex_digits(void **state)
{
    (void)state;
    assert_int_equal(rb_text_hex_digit('0'), 0);
    assert_int_equal(rb_text_hex_digit('9'), 9);
    assert_int_equal(rb_text_hex_digit('a'), 10);
    assert_int_equal(rb_text_hex_digit('F'), 15);
    for (const char *at = "gG/:@`\xff"; *at != '\0'; at++)
        assert_int_equal(rb_text_hex_digit(*at), -1);
    assert_int_equal(rb_text_hex_digit('\0'), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hex_digits),
        cmocka_unit_test(test_glob),
        cmocka_unit_test(test_glob_agrees_with_the_plain_way),
        cmocka_unit_test(test_glob_ends_in_time),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
