/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "table.h"

static const struct rb_table_column columns[] = {
    {.title = "PACKAGE", .minimum = 4},
    {.title = "SIZE", .right = 1},
    {.title = "SUITE", .minimum = 5},
};

static struct rb_table *make(void)
{
    struct rb_table *table = rb_table_new(columns, RB_COUNT_OF(columns));
    rb_table_add(table, "", "perl");
    rb_table_addf(table, "", "%d", 7);
    rb_table_add(table, "", "bookworm-security");
    rb_table_add(table, "", "libperl5.36");
    rb_table_addf(table, "", "%d", 12345);
    rb_table_add(table, "", NULL);
    return table;
}

static void assert_format(const struct rb_table *table, size_t width, const char *wanted)
{
    RB_CLEANUP_FREE char *text = rb_table_format(table, width, "", "");
    assert_string_equal(text, wanted);
}

static void columns_are_aligned(void **state)
{
    (void)state;
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = make();
    assert_format(table, 0,
                  "PACKAGE       SIZE  SUITE\n"
                  "perl             7  bookworm-security\n"
                  "libperl5.36  12345  -\n");
}

static void wide_tables_are_cut(void **state)
{
    (void)state;
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = make();
    assert_format(table, 30,
                  "PACKAGE       SIZE  SUITE\n"
                  "perl             7  bookworm-…\n"
                  "libperl5.36  12345  -\n");
    assert_format(table, 5,
                  "PAC…   SIZE  SUITE\n"
                  "perl      7  book…\n"
                  "lib…  12345  -\n");
}

static void width_is_what_a_terminal_shows(void **state)
{
    (void)state;
    static const struct rb_table_column two[] = {{.title = "A", .minimum = 3}, {.title = "B"}};
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = rb_table_new(two, 2);
    rb_table_add(table, "", "gr\u00fc\u00df");
    rb_table_add(table, "", "1");
    rb_table_add(table, "", "\u6f22\u5b57");
    rb_table_add(table, "", "2");
    rb_table_add(table, "", "e\u0301e\u0301");
    rb_table_add(table, "", "3");
    assert_format(table, 0,
                  "A     B\n"
                  "gr\u00fc\u00df  1\n"
                  "\u6f22\u5b57  2\n"
                  "e\u0301e\u0301    3\n");
    assert_format(table, 6,
                  "A    B\n"
                  "gr\u2026  1\n"
                  "\u6f22\u2026  2\n"
                  "e\u0301e\u0301   3\n");
}

static void text_cannot_steer_the_terminal(void **state)
{
    (void)state;
    static const struct rb_table_column one[] = {{.title = "A"}};
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = rb_table_new(one, 1);
    rb_table_add(table, "",
                 "a\033[31mb\r\n\xff\xc2\x9b"
                 "c\u202ed");
    RB_CLEANUP_FREE char *text = rb_table_format(table, 0, "", "");
    assert_string_equal(text, "A\na?[31mb????c?d\n");
}

static void styles_enclose_the_text_alone(void **state)
{
    (void)state;
    static const struct rb_table_column two[] = {{.title = "A"}, {.title = "B", .right = 1}};
    RB_CLEANUP(rb_table_cleanup) struct rb_table *table = rb_table_new(two, 2);
    rb_table_add(table, "<", "x");
    rb_table_add(table, "<", "1");
    rb_table_add(table, "", "long");
    rb_table_add(table, "", "22");
    RB_CLEANUP_FREE char *text = rb_table_format(table, 0, "[", ">");
    assert_string_equal(text, "[A>      [B>\n<x>      <1>\nlong  22\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_aligned),
        cmocka_unit_test(wide_tables_are_cut),
        cmocka_unit_test(width_is_what_a_terminal_shows),
        cmocka_unit_test(text_cannot_steer_the_terminal),
        cmocka_unit_test(styles_enclose_the_text_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
