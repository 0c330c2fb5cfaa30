/* SPDX-License-Identifier: Apache-2.0 */
/* What a person reads of digests, times, reasons and states. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "view.h"

#define HASH "9f8e7d6c5b4a39281706f5e4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a0"

static void test_version(void **state)
{
    static const struct {
        const char *version;
        const char *shown;
    } cases[] = {{"sha256:" HASH, "9f8e7d6c5b4a"},
                 {HASH, "9f8e7d6c5b4a"},
                 {"4f1c2e7a914f1c2e7a914f1c2e7a914f1c2e7a91", "4f1c2e7a914f"},
                 {"1:1.2.13.dfsg-1", "1:1.2.13.dfsg-1"},
                 {"\033[31mred", "?[31mred"},
                 {"", "-"},
                 {NULL, "-"}};
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        char out[RB_VIEW_TEXT_SIZE];
        assert_string_equal(rb_view_version(cases[i].version, out), cases[i].shown);
    }
}

static void test_when(void **state)
{
    RB_CLEANUP_JSON json_t *object = rb_json_object();
    int64_t now_at = 1800000000000;
    char out[RB_VIEW_TEXT_SIZE];
    (void)state;
    rb_json_set_time(object, "past", now_at - 190 * 1000);
    rb_json_set_time(object, "future", now_at + 48 * 1000);
    rb_json_set_time(object, "never", 0);
    rb_json_set_string(object, "bad", "yesterday");
    assert_string_equal(rb_view_when(object, "past", now_at, out), "3m10s ago");
    assert_string_equal(rb_view_when(object, "future", now_at, out), "in 48.0s");
    assert_string_equal(rb_view_when(object, "never", now_at, out), "-");
    assert_string_equal(rb_view_when(object, "absent", now_at, out), "-");
    assert_string_equal(rb_view_when(object, "bad", now_at, out), "-");
}

static json_t *reason(const char *kind, const char *subject, const char *from, const char *to)
{
    json_t *object = rb_json_object();
    rb_json_set_string(object, "kind", kind);
    rb_json_set_string(object, "subject", subject);
    rb_json_set_string(object, "from", from);
    rb_json_set_string(object, "to", to);
    return object;
}

static void test_reason(void **state)
{
    static const struct {
        const char *kind, *subject, *from, *to, *shown;
    } cases[] = {
        {"package", "zlib1g", "1:1.2-1", "1:1.2-2", "package zlib1g 1:1.2-1 → 1:1.2-2"},
        {"base", "runtime", "sha256:" HASH, "sha256:0" HASH,
         "base runtime 9f8e7d6c5b4a → "
         "sha256:0" HASH},
        {"code", "code", "", HASH, "code code: 9f8e7d6c5b4a"},
        {"recipe", "app", "", HASH, "first build"},
        {"recipe", "app", HASH, HASH, "the recipe changed"},
        {"manual", "user:root", "", "to be sure", "user:root asked: to be sure"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_JSON json_t *object =
            reason(cases[i].kind, cases[i].subject, cases[i].from, cases[i].to);
        RB_CLEANUP_FREE char *text = rb_view_reason(object);
        if (i == 1) /* what is no digest is cut to fit, not taken for one */
            assert_memory_equal(text, cases[i].shown, 40);
        else
            assert_string_equal(text, cases[i].shown);
    }
}

static void test_reasons(void **state)
{
    RB_CLEANUP_JSON json_t *array = rb_json_array();
    (void)state;
    RB_CLEANUP_FREE char *none = rb_view_reasons(array);
    assert_string_equal(none, "");
    rb_json_append(array, reason("package", "a", "1", "2"));
    RB_CLEANUP_FREE char *one = rb_view_reasons(array);
    assert_string_equal(one, "package a 1 → 2");
    rb_json_append(array, reason("package", "b", "1", "2"));
    rb_json_append(array, reason("package", "c", "1", "2"));
    RB_CLEANUP_FREE char *three = rb_view_reasons(array);
    assert_string_equal(three, "package a 1 → 2 (+2 more)");
}

static void test_style(void **state)
{
    const struct rb_style style = {.good = "G", .bad = "B", .warn = "W", .dim = "D"};
    (void)state;
    assert_string_equal(rb_view_style(&style, "fresh"), "G");
    assert_string_equal(rb_view_style(&style, "drifted"), "B");
    assert_string_equal(rb_view_style(&style, "building"), "W");
    assert_string_equal(rb_view_style(&style, "new"), "D");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version), cmocka_unit_test(test_when),  cmocka_unit_test(test_reason),
        cmocka_unit_test(test_reasons), cmocka_unit_test(test_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
