/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strlist.h"

static void test_add(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist list = {0};
    const char *const more[] = {"x", "y", NULL};
    char changing[] = "first";
    rb_strlist_add(&list, changing);
    changing[0] = 'X'; /* the list has its own copy */
    rb_strlist_addf(&list, "--env=%s", "A=1");
    rb_strlist_add_all(&list, more);
    rb_strlist_add_all(&list, NULL);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.items[0], "first");
    assert_string_equal(list.items[1], "--env=A=1");
    assert_string_equal(list.items[3], "y");
    assert_null(list.items[4]);
    for (int i = 0; i < 100; i++) {
        rb_strlist_addf(&list, "%d", i);
        assert_null(list.items[list.count]);
    }
    assert_string_equal(list.items[103], "99");
}

static void test_contains_and_sort(void **state)
{
    (void)state;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist list = {0};
    static const char *const WORDS[] = {"b", "\xc3\xa4", "a", "B", "", "a"};
    static const char *const SORTED[] = {"", "B", "a", "a", "b", "\xc3\xa4"};
    rb_strlist_sort(&list);
    assert_false(rb_strlist_contains(&list, ""));
    for (size_t i = 0; i < RB_COUNT_OF(WORDS); i++)
        rb_strlist_add(&list, WORDS[i]);
    rb_strlist_sort(&list);
    for (size_t i = 0; i < RB_COUNT_OF(SORTED); i++)
        assert_string_equal(list.items[i], SORTED[i]);
    assert_null(list.items[list.count]);
    assert_true(rb_strlist_contains(&list, ""));
    assert_true(rb_strlist_contains(&list, "B"));
    assert_false(rb_strlist_contains(&list, "C"));
    rb_strlist_deinit(&list);
    assert_int_equal(list.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_contains_and_sort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
