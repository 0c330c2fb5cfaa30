/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_order.h"

/* In rising order; the rules are those of rpm-version(7), each answer was asked of rpm. */
static const char *const rising[] = {
    "",
    "~",
    "1~",
    "1",
    "1^",
    "1^20240101",
    "1^20240102",
    "1.0~rc1~git1",
    "1.0~rc1",
    "1.0~rc1^git1",
    "1.0~rc2",
    "1.0",
    "1.0-1",
    "1.0-1.fc40",
    "1.0-1.1",
    "1.0-2~bootstrap",
    "1.0-2",
    "1.0-10.el9",
    "1.0-10.el9_2.1",
    "1.0-10.el9_4",
    "1.0^git1-1",
    "1.0a-1",
    "1.0aa",
    "1.0b",
    "1.0.rc1",
    "1.0.0",
    "1.2",
    "1.10",
    "1.99999999999999999999999999999998",
    "1.99999999999999999999999999999999",
    "1.100000000000000000000000000000000",
    "9.9",
    "1:0.1",
    "1:0.1-1",
    "2:0",
    "10:0",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    assert_rising(&rb_version_rpm, rising, RB_COUNT_OF(rising));
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "0:1.0"}, {"1.0", "1_0"},      {"1.0", "1.00"},  {"1.0", "1.0."},
        {"1.0", "1+0"},   {"a+", "a_"},        {"1a2", "1.a.2"}, {"01:1", "1:1"},
        {":1", "1"},      {"1.0-1", "1.0-01"}, {"1-a.", "1-a"},
    };
    assert_same(&rb_version_rpm, pairs, RB_COUNT_OF(pairs));
}

static void the_order_is_total(void **state)
{
    (void)state;
    assert_total(&rb_version_rpm, "00129aZ~^.-:+\xff");
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0",          "1.0-1",   "1:1.0-1.el9", "4294967295:1",
                                       "1.0~rc1-1",  "1^git-1", "1_2",         "5.1.8-6.el9_1",
                                       "2.0+dfsg-1", NULL};
    static const char *const bad[] = {"",    ":1",    "1:",    "a:1",   "1:-1",
                                      "1-",  "-1",    "1 2",   "1-1-1", "4294967296:1",
                                      "1\n", "1:2:3", "1\x7f", NULL};
    assert_versions(&rb_version_rpm, good, bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_has_its_order),
        cmocka_unit_test(versions_that_are_the_same),
        cmocka_unit_test(the_order_is_total),
        cmocka_unit_test(what_is_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
