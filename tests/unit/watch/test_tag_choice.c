/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/tag_choice.h"

/* Tags as registries have them. */
static const char *const tags[] = {
    "latest",        "1",
    "1.25",          "1.25.1",
    "1.25.10",       "1.25.9",
    "1.26.0-rc1",    "2.0.0",
    "1.25.3-alpine", "1.25.12-alpine",
    "bookworm",      "bookworm-9",
    "bookworm-10",   "bookworm-20261124-slim",
    "v3.0.0",        "v3.1.0",
    "12.7",          "12.11",
    "12.11.1",       "1.0-1+deb12u2",
    "1.0-1~bpo12+1", "2026.01.09",
    "2026.1.10",
};

static struct rb_tag_choice *choice_of(const struct rb_tag_policy *policy)
{
    struct rb_tag_choice *choice = NULL;
    struct rb_err err;
    if (rb_tag_choice_new(policy, &choice, &err) != 0)
        fail_msg("%s", err.text);
    return choice;
}

static void each_policy_has_its_best(void **state)
{
    (void)state;
    static const struct {
        struct rb_tag_policy policy;
        const char *best;
    } cases[] = {
        {{.semver = "^1.2"}, "1.25.10"},
        {{.semver = "^1.2", .prereleases = true}, "1.26.0-rc1"},
        {{.semver = "*"}, "2026.1.10"},
        {{.order = "semver", .glob = "v*"}, "v3.1.0"},
        {{.glob = "v*", .semver = "<3.1"}, "v3.0.0"},
        {{.match = "([0-9.]+)-alpine", .semver = "^1.25"}, "1.25.12-alpine"},
        {{.match = "^bookworm-([0-9]+)$", .order = "numeric"}, "bookworm-10"},
        {{.match = "bookworm-.*", .order = "alphabetical"}, "bookworm-9"},
        {{.match = "12\\..*", .order = "numeric"}, "12.11.1"},
        {{.glob = "1.0-*", .order = "deb"}, "1.0-1+deb12u2"},
        {{.glob = "2026.*", .order = "numeric"}, "2026.1.10"},
        {{.semver = "^9"}, NULL},
        {{.match = "bookworm-(slim)?.*", .order = "alphabetical"}, NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_tag_choice *choice = choice_of(&cases[i].policy);
        const char *best = rb_tag_choice_best(choice, tags, RB_COUNT_OF(tags));
        if (!rb_text_equal(best, cases[i].best))
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, best == NULL ? "none" : best,
                     cases[i].best == NULL ? "none" : cases[i].best);
        for (size_t j = 0; best != NULL && j < RB_COUNT_OF(tags); j++) {
            if (rb_tag_choice_counts(choice, tags[j]))
                assert_true(rb_tag_choice_compare(choice, best, tags[j]) >= 0);
        }
        rb_tag_choice_free(choice);
    }
}

static void the_order_of_the_list_means_nothing(void **state)
{
    (void)state;
    static const char *const alike[] = {"v1.0.0", "1.0.0", "1.0.0+a"};
    static const char *const turned[] = {"1.0.0+a", "1.0.0", "v1.0.0"};
    struct rb_tag_choice *choice = choice_of(&(struct rb_tag_policy){.semver = "1"});
    assert_int_equal(rb_tag_choice_compare(choice, alike[0], alike[2]), 0);
    assert_string_equal(rb_tag_choice_best(choice, alike, 3), "v1.0.0");
    assert_string_equal(rb_tag_choice_best(choice, turned, 3), "v1.0.0");
    assert_null(rb_tag_choice_best(choice, NULL, 0));
    rb_tag_choice_free(choice);
}

static void numbers_of_any_size_are_compared(void **state)
{
    (void)state;
    static const char *const rising[] = {
        "0",
        "0.0",
        "0.1",
        "1",
        "1.0",
        "01.2",
        "1.10",
        "2",
        "99999999999999999999",
        "100000000000000000000",
        "100000000000000000000-1",
    };
    struct rb_tag_choice *choice = choice_of(&(struct rb_tag_policy){.order = "numeric"});
    for (size_t i = 1; i < RB_COUNT_OF(rising); i++) {
        assert_true(rb_tag_choice_compare(choice, rising[i - 1], rising[i]) < 0);
        assert_true(rb_tag_choice_compare(choice, rising[i], rising[i - 1]) > 0);
    }
    assert_int_equal(rb_tag_choice_compare(choice, "1.2", "001-02"), 0);
    static const char *const none[] = {"", ".", "1.", ".1", "1..2", "a", "1a", "-1", "1+2"};
    for (size_t i = 0; i < RB_COUNT_OF(none); i++)
        assert_false(rb_tag_choice_counts(choice, none[i]));
    rb_tag_choice_free(choice);
}

static void a_name_that_is_too_long_does_not_count(void **state)
{
    (void)state;
    char name[RB_TAG_MAXIMUM + 2];
    struct rb_tag_choice *choice = choice_of(&(struct rb_tag_policy){.order = "alphabetical"});
    memset(name, 'a', sizeof(name));
    name[RB_TAG_MAXIMUM] = '\0';
    assert_true(rb_tag_choice_counts(choice, name));
    name[RB_TAG_MAXIMUM] = 'a';
    name[RB_TAG_MAXIMUM + 1] = '\0';
    assert_false(rb_tag_choice_counts(choice, name));
    rb_tag_choice_free(choice);
}

static void a_bad_policy_is_refused(void **state)
{
    (void)state;
    static const struct rb_tag_policy bad[] = {
        {.semver = "latest"},
        {.match = "(", .order = "numeric"},
        {.order = "newest"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(bad); i++) {
        struct rb_tag_choice *choice = NULL;
        struct rb_err err;
        assert_int_equal(rb_tag_choice_new(&bad[i], &choice, &err), RB_EINVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_policy_has_its_best),
        cmocka_unit_test(the_order_of_the_list_means_nothing),
        cmocka_unit_test(numbers_of_any_size_are_compared),
        cmocka_unit_test(a_name_that_is_too_long_does_not_count),
        cmocka_unit_test(a_bad_policy_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
