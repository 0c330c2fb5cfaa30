/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_order.h"

/* In rising order, after the POM reference's "Version Order Specification"; each answer was asked
   of ComparableVersion. */
static const char *const rising[] = {
    "",
    "alpha",
    "rc",
    "0.1-alpha",
    "0.1",
    "1-alpha-SNAPSHOT",
    "1-alpha",
    "1-alpha-1",
    "1-a2",
    "1-alpha10",
    "1-beta",
    "1-b2",
    "1-m1",
    "1-milestone-2",
    "1-cr1",
    "1-rc2-SNAPSHOT",
    "1-RC2",
    "1-SNAPSHOT",
    "1",
    "1-sp",
    "1-sp-1",
    "1-sp.1",
    "1-a",
    "1-android",
    "1-b",
    "1-jre",
    "1-redhat-1",
    "1-redhat-00002",
    "1-redhat-10",
    "1-0.1",
    "1-1-SNAPSHOT",
    "1-1",
    "1-1.1",
    "1-2",
    "1.0.1-rc1",
    "1.0.1",
    "1.1",
    "1.9",
    "1.10",
    "1.99999999999999999999",
    "1.100000000000000000000",
    "2.0.0.Alpha1",
    "2.0.0.Beta2",
    "2.0.0.CR1",
    "2.0.0.Final",
    "2.0.0.Final-redhat-1",
    "20040101",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    assert_rising(&rb_version_maven, rising, RB_COUNT_OF(rising));
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1", "1.0.0"},
        {"1", "1-ga"},
        {"1", "1.final"},
        {"1", "1.RELEASE"},
        {"1", "1-0.0"},
        {"1", "1."},
        {"1", "1-"},
        {"1-rc1", "1-CR-1"},
        {"1-rc1", "1.0.0.rc1"},
        {"1.rc", "1-rc"},
        {"1a1", "1-alpha-1"},
        {"1.b3", "1-beta-3"},
        {"1m2", "1-milestone2"},
        {"01.002", "1.2"},
        {"1.0-foo", "1-FOO"},
        {"1.0.0-foo.0.0", "1-foo"},
        {"1.0.Final-x-1", "1.x1"},
        {"0", "ga"},
    };
    assert_same(&rb_version_maven, pairs, RB_COUNT_OF(pairs));
}

/* Where Maven's own answers run in a circle: 1-rc > 1.sp.1 > 1 > 1-rc. */
static void circles_are_cut(void **state)
{
    (void)state;
    static const char *const cut[] = {"1.rc.1", "1-rc", "1", "1.sp.1", "1-sp"};
    assert_rising(&rb_version_maven, cut, RB_COUNT_OF(cut));
}

static void the_order_is_total(void **state)
{
    (void)state;
    assert_total(&rb_version_maven, "00112..--abrcspgaGA");
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0",     "1.0",         "1.0-SNAPSHOT", "r09", "1.0+build",
                                       "2.0_1", "1.0.0.Final", "v1",           "-1",  "x",
                                       NULL};
    static const char *const bad[] = {"", "1 0", "[1.0]", "1,0", "(1", "a/b", "1:2", "1\n", NULL};
    assert_versions(&rb_version_maven, good, bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_has_its_order), cmocka_unit_test(versions_that_are_the_same),
        cmocka_unit_test(circles_are_cut),          cmocka_unit_test(the_order_is_total),
        cmocka_unit_test(what_is_a_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
