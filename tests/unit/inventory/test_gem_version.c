/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_order.h"

/* In rising order; each answer was asked of Gem::Version. Those at the beginning are no versions.
 */
static const char *const rising[] = {
    "",
    "1.",
    "1a",
    "a1",
    "0.a",
    "0.beta",
    "0",
    "0.0.1",
    "0.9",
    "1.A",
    "1.a",
    "1.a.1",
    "1.0.a.2",
    "1.0.a9",
    "1.0.a10.0.b",
    "1.0.a10",
    "1.0.a10.0.1",
    "1.b1.c",
    "1.b1",
    "1.beta",
    "1.pre.a",
    "1.pre.1",
    "1.0.0.pre.1.2",
    "1.pre.2",
    "1.rc1",
    "1",
    "1.0.1.b",
    "1.0.1",
    "1.1",
    "1.8.2",
    "1.8.10",
    "1.99999999999999999999",
    "1.100000000000000000000",
    "20240101",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    assert_rising(&rb_version_gem, rising, RB_COUNT_OF(rising));
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "1"},           {"1.0.0", "1.00"},    {"01.2", "1.2"},
        {"1.0.a", "1.a"},       {"1.0.0a1", "1.a.1"}, {"1.a.0.0", "1.a"},
        {"1.2-3", "1.2.pre.3"}, {"1.0-b", "1.pre.b"}, {"1-a-b", "1.pre.a.pre.b"},
        {" 1.0\n", "1"},        {"0", "0.0.0"},
    };
    assert_same(&rb_version_gem, pairs, RB_COUNT_OF(pairs));
}

static void the_order_is_total(void **state)
{
    (void)state;
    assert_total(&rb_version_gem, "000112...-abpre ");
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0",     "1.2.3",    "1.a",   "1.0.rc1", "1-1",
                                       "1-a-b", "1--2.3.x", "1.2b3", "001",     NULL};
    static const char *const bad[] = {"",    "a",   "1a",  "1..2", "1.",  ".1",     "-1", "1-",
                                      "1.-", "1_2", "1+2", "1 2",  "1-.", "1.2-a.", "v1", NULL};
    assert_versions(&rb_version_gem, good, bad);
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
