/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/inventory/version.h"
#include "version_order.h"

/* In rising order, after PEP 440's "Summary of permitted suffixes and relative ordering"; each
   answer was asked of packaging. Those at the beginning are no versions. */
static const char *const rising[] = {
    "",
    "1..0",
    "1.0-foo",
    "2004d",
    "garbage",
    "0.dev1",
    "0a1",
    "0",
    "0.0.1",
    "1.dev0",
    "1.0.dev456",
    "1.0a1",
    "1.0a2.dev456",
    "1.0a12.dev456",
    "1.0a12",
    "1.0b1.dev456",
    "1.0b2",
    "1.0b2.post345.dev456",
    "1.0b2.post345",
    "1.0rc1.dev456",
    "1.0rc1",
    "1.0",
    "1.0+abc.5",
    "1.0+abc.7",
    "1.0+5",
    "1.0+5.a",
    "1.0+5.0",
    "1.0.post0.dev1",
    "1.0.post456.dev34",
    "1.0.post456",
    "1.0.15",
    "1.1.dev1",
    "1.2+123abc",
    "1.2+123abc456",
    "1.2+abc",
    "1.2+1234.abc",
    "1.2+123456",
    "1.99999999999999999999",
    "1.100000000000000000000",
    "2013.10",
    "1!1.0",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    assert_rising(&rb_version_pypi, rising, RB_COUNT_OF(rising));
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "1"},
        {"1.0", "v1.0.0"},
        {"1.0", "0!01.00"},
        {"1.0a1", "1.0ALPHA1"},
        {"1.0a1", "1.0-a.1"},
        {"1.0a", "1.0_a_"},
        {"1.0a0", "1.0.alpha"},
        {"1.0b2", "1.0.Beta-2"},
        {"1.0rc1", "1.0c1"},
        {"1.0rc1", "1.0-preview_1"},
        {"1.0rc1", "1.0.pre1"},
        {"1.0.post4", "1.0-4"},
        {"1.0.post4", "1.0.rev-4"},
        {"1.0.post", "1.0r0"},
        {"1.0rc0.post1", "1.0cr1"},
        {"1.0.dev", "1.0DEV0"},
        {"1.0+ubuntu.1", "1.0+UBUNTU-01"},
        {"1.0", " 1.0\n"},
    };
    assert_same(&rb_version_pypi, pairs, RB_COUNT_OF(pairs));
}

static void the_order_is_total(void **state)
{
    (void)state;
    assert_total(&rb_version_pypi, "0011.+-!abcrdev");
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {
        "0",          "2024.1",      "1!2.0",   "1.0a",        "1.0.post.dev",
        "1.0-1.dev2", "1.0+a.b1",    "v1",      "1.0a-.post1", "1.0b--1",
        "1.0rev",     "1.0preview1", "1.0.a.1", "1.0prer",     NULL};
    static const char *const bad[] = {
        "",        "a",     ".1",       "1!.1",  "1.",      "1..0",   "1.0+",     "1.0+a..b",
        "1.0+a+b", "1.0.x", "1!",       "!1",    "1.0!1",   "1!2!3",  "1.0-1-1",  "1.0.dev1.post1",
        "1 .0",    "vv1",   "1.0prev1", "1.0p1", "1.0a1b1", "1.0+-a", "1.0a.b.1", NULL};
    assert_versions(&rb_version_pypi, good, bad);
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
