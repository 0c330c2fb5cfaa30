/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/image_name.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"

#define TEN   "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN

/* Text, and whether it is one. */
struct word {
    const char *text;
    bool good;
};

static void test_registry_in_front(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } CASES[] = {
        {"registry.example.com/app", 20},
        {"localhost/app", 9},
        {"localhost:5000/app", 14},
        {"[::1]:5000/a/b", 10},
        {"shop/app", 0},
        {"localhosts/app", 0},
        {"registry.example.com", 0},
        {"app:1", 0},
        {"", 0},
        {"shop/app.old", 0},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++)
        assert_int_equal(rb_image_name_registry_size(CASES[i].text), CASES[i].size);
}

static void test_registry(void **state)
{
    static const struct word CASES[] = {
        {"registry.example.com", true},
        {"Registry-1.example.com:443", true},
        {"127.0.0.1:5000", true},
        {"[::1]", true},
        {"[::1]:5000", true},
        {"localhost:65535", true},
        {"localhost:65536", false},
        {"localhost:0", false},
        {"localhost:", false},
        {"localhost:x", false},
        {"", false},
        {":5000", false},
        {"-a.example.com", false},
        {".example.com", false},
        {"[]:5000", false},
        {"[::1", false},
        {"[::1]5000", false},
        {"user@example.com", false},
        {FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa", true},
        {FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa", false},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        if (rb_image_name_is_registry(CASES[i].text, strlen(CASES[i].text)) != CASES[i].good)
            fail_msg("%s", CASES[i].text);
    }
    assert_true(rb_image_name_is_registry("localhost/app", strlen("localhost")));
}

static void test_repository(void **state)
{
    static const struct word CASES[] = {
        {"app", true},
        {"a/b/c", true},
        {"a__b-c.d_e---f/0", true},
        {"", false},
        {"/a", false},
        {"a/", false},
        {"a//b", false},
        {"App", false},
        {"a___b", false},
        {"a..b", false},
        {"-a", false},
        {"a-", false},
        {"a.-b", false},
        {"a b", false},
        {"\xd0\xb0", false},
        {FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaa", true},
        {FIFTY FIFTY FIFTY FIFTY FIFTY "aaaaaa", false},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        if (rb_image_name_is_repository(CASES[i].text) != CASES[i].good)
            fail_msg("%s", CASES[i].text);
    }
}

static void test_tag(void **state)
{
    static const struct word CASES[] = {
        {"1", true},
        {"V1_2.x-y", true},
        {"_", true},
        {"", false},
        {".1", false},
        {"-1", false},
        {"a b", false},
        {"a/b", false},
        {"\xd0\xb0", false},
        {FIFTY FIFTY TEN TEN "aaaaaaaa", true},
        {FIFTY FIFTY TEN TEN "aaaaaaaaa", false},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        if (rb_image_name_is_tag(CASES[i].text) != CASES[i].good)
            fail_msg("%s", CASES[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registry_in_front),
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_repository),
        cmocka_unit_test(test_tag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
