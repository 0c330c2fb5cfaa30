/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/inventory/version.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* In rising order; each answer was asked of dpkg --compare-versions. */
static const char *const rising[] = {
    "",
    "~~1",
    "~",
    "~1",
    "0~0",
    "0",
    "1.0~~",
    "1.0~~a",
    "1.0~",
    "1.0~rc1-1",
    "1.0~rc1-1+b1",
    "1.0",
    "1.0-0.1",
    "1.0-1~bpo12+1",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1+deb12u1",
    "1.0-1+deb12u2",
    "1.0-1+deb12u10",
    "1.0-1.1",
    "1.0-10",
    "1.0a-1",
    "1.0aa",
    "1.0b",
    "1.0+",
    "1.0+dfsg-1",
    "1.0-1-1",
    "1.0.0",
    "1.00000000000000000000000000000001",
    "1.2",
    "1.10",
    "1.99999999999999999999999999999998",
    "1.99999999999999999999999999999999",
    "1.100000000000000000000000000000000",
    "9.9",
    "20230101",
    "A",
    "Z",
    "a",
    "z",
    "1:0.1",
    "1:0.1-1",
    "2:0",
    "10:0",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(rising); i++) {
        for (size_t j = 0; j < RB_COUNT_OF(rising); j++) {
            int wanted = (i > j) - (i < j);
            int got = sign(rb_version_compare_deb(rising[i], rising[j]));
            if (got != wanted)
                fail_msg("\"%s\" and \"%s\": %d instead of %d", rising[i], rising[j], got, wanted);
        }
    }
}

static void versions_that_are_the_same(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"1.0", "0:1.0"},    {"1.0", "1.0-0"},       {"1.0", "1.0-"}, {"1.0", "1.00"},
        {"01.0", "1.0"},     {"1.0-01", "1.0-1"},    {"00:1", "1"},   {"a", "a0"},
        {"1.0-a", "1.0-a0"}, {"1.000-0", "1.0-000"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(pairs); i++) {
        assert_int_equal(rb_version_compare_deb(pairs[i][0], pairs[i][1]), 0);
        assert_int_equal(rb_version_compare_deb(pairs[i][1], pairs[i][0]), 0);
    }
}

static void random_text(struct rb_random *random, char *text, size_t size_maximum)
{
    static const char alphabet[] = "0011289aZ~~.+--:\x80\xff";
    size_t size = rb_random_below(random, size_maximum);
    for (size_t i = 0; i < size; i++)
        text[i] = alphabet[rb_random_below(random, sizeof(alphabet) - 1)];
    text[size] = '\0';
}

/* Any three texts, versions or not: sorting must not depend on where it starts. */
static void the_order_is_total(void **state)
{
    (void)state;
    struct rb_random random;
    rb_random_seed(&random, 20260711);
    for (int round = 0; round < 200000; round++) {
        char a[8], b[8], c[8];
        random_text(&random, a, sizeof(a));
        random_text(&random, b, sizeof(b));
        random_text(&random, c, sizeof(c));
        int ab = sign(rb_version_compare_deb(a, b));
        int bc = sign(rb_version_compare_deb(b, c));
        int ac = sign(rb_version_compare_deb(a, c));
        assert_int_equal(ab, -sign(rb_version_compare_deb(b, a)));
        assert_int_equal(rb_version_compare_deb(a, a), 0);
        if (ab <= 0 && bc <= 0 && ac != (ab + bc < 0 ? -1 : 0))
            fail_msg("\"%s\" \"%s\" \"%s\": %d %d %d", a, b, c, ab, bc, ac);
    }
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0",     "1.0-1",   "1:1.0",       "2147483647:1",
                                       "1:2:3", "1.0-1-1", "1.2~rc1+x-1", "v1_2"};
    static const char *const bad[] = {
        "",    ":1",           "1:", "a:1", "-1:1", "1-", "-1",    "1:-1",
        "1 2", "2147483648:1", " 1", "1\n", "1:-",  "-",  "1\x7f", "99999999999999999999:1"};
    for (size_t i = 0; i < RB_COUNT_OF(good); i++) {
        if (!rb_version_is_deb(good[i]))
            fail_msg("\"%s\" was refused", good[i]);
    }
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        if (rb_version_is_deb(bad[i]))
            fail_msg("\"%s\" was accepted", bad[i]);
    }
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
