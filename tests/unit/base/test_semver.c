/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/random.h"
#include "rebake/base/semver.h"

static int sign(int number)
{
    return (number > 0) - (number < 0);
}

/* In rising order; what is no version comes first. */
static const char *const rising[] = {
    "",
    "1",
    "1.2",
    "nothing",
    "0.0.0-0",
    "0.0.0-1",
    "0.0.0",
    "0.0.1",
    "0.9.10",
    "1.0.0-0",
    "1.0.0-9",
    "1.0.0-10",
    "1.0.0-18446744073709551615",
    "1.0.0-18446744073709551616",
    "1.0.0--",
    "1.0.0-alpha",
    "1.0.0-alpha.1",
    "1.0.0-alpha.1.x",
    "1.0.0-alpha.beta",
    "1.0.0-beta",
    "1.0.0-beta.2",
    "1.0.0-beta.11",
    "1.0.0-rc.1",
    "1.0.0",
    "1.0.1-rc1",
    "v1.0.1",
    "1.2.0",
    "1.10.0",
    "2.0.0+build.1",
    "10.0.0",
    "9223372036854775807.0.0",
};

static void every_pair_has_its_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(rising); i++) {
        for (size_t j = 0; j < RB_COUNT_OF(rising); j++) {
            int got = sign(rb_semver_compare_texts(rising[i], rising[j]));
            if (got != (i > j) - (i < j))
                fail_msg("\"%s\" and \"%s\": %d", rising[i], rising[j], got);
        }
    }
    assert_int_equal(rb_semver_compare_texts("1.0.0+a", "v1.0.0+b"), 0);
}

static void what_is_a_version(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0",         "v1.2.3",      "1.2.3-x-y.z.-",
                                       "1.2.3+001.-.a", "1.2.3-0a+01", "1.2.3----R-S.12.9.1--.12"};
    static const char *const bad[] = {"",
                                      "1",
                                      "1.2",
                                      "1.2.3.4",
                                      "01.2.3",
                                      "1.02.3",
                                      "1.2.03",
                                      "1.2.3-",
                                      "1.2.3+",
                                      "1.2.3-a.",
                                      "1.2.3-01",
                                      "1.2.3-.a",
                                      "1.2.3+a+b",
                                      "1.2.3-a_b",
                                      "vv1.2.3",
                                      "=1.2.3",
                                      "V1.2.3",
                                      " 1.2.3",
                                      "1.2.3 ",
                                      "1.2.x",
                                      "-1.2.3",
                                      "1.2.-3",
                                      "1..3",
                                      "9223372036854775808.0.0",
                                      "1.2.3-\xc3\xa4"};
    for (size_t i = 0; i < RB_COUNT_OF(good); i++) {
        if (!rb_semver_is_version(good[i]))
            fail_msg("\"%s\" was refused", good[i]);
    }
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        if (rb_semver_is_version(bad[i]))
            fail_msg("\"%s\" was accepted", bad[i]);
    }
    char text[RB_SEMVER_MAXIMUM + 2];
    memset(text, 'a', sizeof(text));
    memcpy(text, "1.2.3-", 6);
    text[RB_SEMVER_MAXIMUM] = '\0';
    assert_true(rb_semver_is_version(text));
    text[RB_SEMVER_MAXIMUM] = 'a';
    text[RB_SEMVER_MAXIMUM + 1] = '\0';
    assert_false(rb_semver_is_version(text));
}

static void the_order_is_total(void **state)
{
    (void)state;
    static const char alphabet[] = "0011.-+a";
    struct rb_random random;
    rb_random_seed(&random, 20261124);
    for (int round = 0; round < 50000; round++) {
        char texts[3][16];
        for (int i = 0; i < 3; i++) {
            size_t size = rb_random_below(&random, 8);
            memcpy(texts[i], "1.0.", 4);
            for (size_t at = 0; at < size; at++)
                texts[i][4 + at] = alphabet[rb_random_below(&random, sizeof(alphabet) - 1)];
            texts[i][4 + size] = '\0';
        }
        int ab = sign(rb_semver_compare_texts(texts[0], texts[1]));
        int bc = sign(rb_semver_compare_texts(texts[1], texts[2]));
        int ac = sign(rb_semver_compare_texts(texts[0], texts[2]));
        assert_int_equal(ab, -sign(rb_semver_compare_texts(texts[1], texts[0])));
        if (ab <= 0 && bc <= 0 && ac != (ab + bc < 0 ? -1 : 0))
            fail_msg("\"%s\" \"%s\" \"%s\": %d %d %d", texts[0], texts[1], texts[2], ab, bc, ac);
    }
}

static bool holds(const char *range_text, bool prereleases, const char *text)
{
    struct rb_semver_range *range = NULL;
    struct rb_semver version;
    struct rb_err err;
    if (rb_semver_range_parse(range_text, prereleases, &range, &err) != 0)
        fail_msg("%s", err.text);
    assert_true(rb_semver_parse(text, &version));
    bool answer = rb_semver_range_holds(range, &version);
    rb_semver_range_free(range);
    return answer;
}

/* What each form means; that node-semver says the same of thousands more is an integration test. */
static void ranges_hold_what_they_say(void **state)
{
    (void)state;
    static const struct {
        const char *range;
        const char *in, *out;
    } cases[] = {
        {"", "1.2.3", "1.2.3-rc.1"},
        {"*", "99.0.0", "0.0.0-0"},
        {"1", "1.99.0", "2.0.0"},
        {"1.x", "1.0.0", "0.9.9"},
        {"1.2", "1.2.9", "1.3.0"},
        {"=1.2.3", "1.2.3+build", "1.2.4"},
        {"v1.2.3", "v1.2.3", "1.2.4"},
        {"^1.2.3", "1.9.0", "2.0.0"},
        {"^1.2.3", "1.2.3", "1.2.2"},
        {"^0.2.3", "0.2.9", "0.3.0"},
        {"^0.0.3", "0.0.3", "0.0.4"},
        {"^0.0", "0.0.9", "0.1.0"},
        {"^0", "0.9.0", "1.0.0"},
        {"^ 1.2", "1.2.0", "1.1.9"},
        {"~1.2.3", "1.2.9", "1.3.0"},
        {"~1", "1.9.0", "2.0.0-rc.1"},
        {"~> 1.2", "1.2.9", "1.3.0"},
        {">1.2", "1.3.0", "1.2.9"},
        {"<=1.2", "1.2.9", "1.3.0"},
        {"< 1.2", "1.1.9", "1.2.0-rc.1"},
        {">=1.2 <2", "1.2.0", "2.0.0"},
        {"1.2 - 1.4", "1.4.9", "1.5.0"},
        {"1.2.3 - 1.4.5", "1.4.5", "1.4.6"},
        {"^1 || ^3", "3.1.0", "2.0.0"},
        {">=1.2.3-rc.1", "1.2.3-rc.2", "1.2.4-rc.1"},
        {"^1.2.3-rc.1", "1.2.3", "1.2.3-alpha"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        if (!holds(cases[i].range, false, cases[i].in))
            fail_msg("\"%s\" does not hold %s", cases[i].range, cases[i].in);
        if (holds(cases[i].range, false, cases[i].out))
            fail_msg("\"%s\" holds %s", cases[i].range, cases[i].out);
    }
    assert_false(holds(">*", false, "1.0.0"));
    assert_true(holds("1", true, "1.0.0-rc.1"));
    assert_true(holds("^1.0.0", true, "1.2.0-rc.1"));
    assert_false(holds("^1.0.0", true, "2.0.0-rc.1"));
}

static void what_is_no_range_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"latest",   "1.2.3.4", "01",         "1.2 -",     ">",
                                      "- 1",      "1,2",     "1.x-rc",     "1 - 2 - 3", "^",
                                      "1.2-beta", ">1 - 2",  "* 1 - 2",    ">=1.2.3<2", "1.x.a",
                                      "^1 | ^2",  "\x01",    "1.2.3-rc.01"};
    struct rb_semver_range *range = NULL;
    struct rb_err err;
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        if (rb_semver_range_parse(bad[i], false, &range, &err) != RB_EINVALID)
            fail_msg("\"%s\" was accepted", bad[i]);
    }
    char text[RB_SEMVER_RANGE_MAXIMUM + 2];
    memset(text, ' ', sizeof(text));
    text[RB_SEMVER_RANGE_MAXIMUM + 1] = '\0';
    assert_int_equal(rb_semver_range_parse(text, false, &range, &err), RB_ELIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_has_its_order),    cmocka_unit_test(what_is_a_version),
        cmocka_unit_test(the_order_is_total),          cmocka_unit_test(ranges_hold_what_they_say),
        cmocka_unit_test(what_is_no_range_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
