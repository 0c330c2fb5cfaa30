/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_order.h"

/* In rising order, after the rules of apk-package(5) and the cases that apk-tools' own
   test/unit/version.data is about. */
static const char *const rising[] = {
    "",
    "0",
    "0.1_alpha",
    "0.1_alpha1",
    "0.1_alpha2",
    "0.1_alpha2_p1",
    "0.1_beta",
    "0.1_pre1",
    "0.1_rc9",
    "0.1_rc10",
    "0.1",
    "0.1-r0",
    "0.1-r1",
    "0.1-r9",
    "0.1-r10",
    "0.1~0",
    "0.1~0f",
    "0.1~a1",
    "0.1~a1-r1",
    "0.1_cvs",
    "0.1_svn20",
    "0.1_git20240101",
    "0.1_git20240101-r1",
    "0.1_hg",
    "0.1_p1_pre1",
    "0.1_p1",
    "0.1_p1-r1",
    "0.1a_rc1",
    "0.1a",
    "0.1a-r1",
    "0.1b",
    "0.1.0",
    "0.1.00",
    "0.1.001",
    "0.1.01",
    "0.1.1",
    "0.1.9",
    "0.1.10",
    "0.2",
    "1",
    "1.99999999999999999999",
    "1.100000000000000000000",
    "2.4.58-r0",
    "10",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    assert_rising(&rb_version_apk, rising, RB_COUNT_OF(rising));
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "1.0"}, {"01.2", "1.2"}, {"1.2-r01", "1.2-r1"}, {"1_p01", "1_p1"}};
    assert_same(&rb_version_apk, pairs, RB_COUNT_OF(pairs));
}

static void the_order_is_total(void **state)
{
    (void)state;
    assert_total(&rb_version_apk, "0019.._pprcab~-r\xff");
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0",          "1.2.3",  "1.2b",         "1.2_rc1-r0", "1_p",
                                       "1_git20_p1", "1~0abc", "1.0_p1~ff-r3", "007",        NULL};
    static const char *const bad[] = {
        "",    "a",     ".1",      "1.",    "1..2", "1bc", "1b2", "1_foo", "1-r",   "1-1",    "1~",
        "1~x", "1-r1a", "1-r1-r2", "1~a~b", "1 ",   "1:2", "1_1", "1B",    "1_rcx", "1-r1_p", NULL};
    assert_versions(&rb_version_apk, good, bad);
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
