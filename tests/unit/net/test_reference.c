/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/reference.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"

#define HEX   "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TEN   "aaaaaaaaaa"
#define FIFTY TEN TEN TEN TEN TEN

static void test_good_references(void **state)
{
    static const struct {
        const char *text, *registry, *repository, *tag, *digest, *formatted;
    } CASES[] = {
        {"debian", "docker.io", "library/debian", "latest", NULL,
         "docker.io/library/debian:latest"},
        {"debian:bookworm-slim", "docker.io", "library/debian", "bookworm-slim", NULL,
         "docker.io/library/debian:bookworm-slim"},
        {"docker.io/debian", "docker.io", "library/debian", "latest", NULL,
         "docker.io/library/debian:latest"},
        {"index.docker.io/shop/app:1", "docker.io", "shop/app", "1", NULL, "docker.io/shop/app:1"},
        {"shop/app", "docker.io", "shop/app", "latest", NULL, "docker.io/shop/app:latest"},
        {"localhost/app", "localhost", "app", "latest", NULL, "localhost/app:latest"},
        {"registry.example.com/a/b/c:V1_2", "registry.example.com", "a/b/c", "V1_2", NULL,
         "registry.example.com/a/b/c:V1_2"},
        {"127.0.0.1:5000/a__b-c.d", "127.0.0.1:5000", "a__b-c.d", "latest", NULL,
         "127.0.0.1:5000/a__b-c.d:latest"},
        {"[::1]:5000/app:2", "[::1]:5000", "app", "2", NULL, "[::1]:5000/app:2"},
        {"registry.example.com/app@sha256:" HEX, "registry.example.com", "app", NULL, "sha256:" HEX,
         "registry.example.com/app@sha256:" HEX},
        {"registry.example.com:443/app:1@sha256:" HEX, "registry.example.com:443", "app", "1",
         "sha256:" HEX, "registry.example.com:443/app:1@sha256:" HEX},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
        struct rb_err err = {0};
        if (rb_reference_parse(CASES[i].text, &reference, &err) != 0)
            fail_msg("%s: %s", CASES[i].text, err.text);
        assert_string_equal(reference.registry, CASES[i].registry);
        assert_string_equal(reference.repository, CASES[i].repository);
        if (CASES[i].tag == NULL)
            assert_null(reference.tag);
        else
            assert_string_equal(reference.tag, CASES[i].tag);
        if (CASES[i].digest == NULL)
            assert_null(reference.digest);
        else
            assert_string_equal(reference.digest, CASES[i].digest);
        RB_CLEANUP_FREE char *formatted = rb_reference_format(&reference);
        assert_string_equal(formatted, CASES[i].formatted);
    }
}

static void test_bad_references(void **state)
{
    static const char *const CASES[] = {
        "",
        ":",
        "@",
        "/",
        "/app",
        "app/",
        "a//b",
        "App",
        "shop/App",
        "app:",
        "app:-1",
        "app:.1",
        "app:a b",
        "app@",
        "app@sha256:abc",
        "app@sha512:" HEX HEX,
        "app@sha256:" HEX "0",
        "app@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef",
        "a___b",
        "a..b",
        "-a",
        "a-",
        "registry.example.com:0/app",
        "registry.example.com:65536/app",
        "registry.example.com:x/app",
        "[::1/app",
        "[]:5000/app",
        "user@registry.example.com/app",
        "https://registry.example.com/app",
        "app:" FIFTY FIFTY TEN TEN "aaaaaaaaa",
        "a/" FIFTY FIFTY FIFTY FIFTY FIFTY TEN,
        "app\n",
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_reference reference = {0};
        struct rb_err err = {0};
        if (rb_reference_parse(CASES[i], &reference, &err) == 0)
            fail_msg("\"%s\" was accepted", CASES[i]);
        assert_int_equal(err.code, RB_EINVALID);
    }
}

static void test_an_error_names_the_text_safely(void **state)
{
    struct rb_reference reference;
    struct rb_err err = {0};
    (void)state;
    assert_int_equal(rb_reference_parse("a\033[2Jb", &reference, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, "\"a?[2Jb\" is not an image reference"));
}

static void test_loopback(void **state)
{
    static const struct {
        const char *text;
        int loopback;
    } CASES[] = {
        {"localhost/app", 1},
        {"localhost:5000/app", 1},
        {"127.0.0.1:5000/app", 1},
        {"127.8.9.10/app", 1},
        {"[::1]:5000/app", 1},
        {"[::1]/app", 1},
        {"debian", 0},
        {"127.example.com/app", 0},
        {"localhost.example.com/app", 0},
        {"10.0.0.1:5000/app", 0},
        {"[::2]:5000/app", 0},
        {"128.0.0.1/app", 0},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
        assert_int_equal(rb_reference_parse(CASES[i].text, &reference, NULL), 0);
        if (rb_reference_is_loopback(&reference) != CASES[i].loopback)
            fail_msg("%s", CASES[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_references),
        cmocka_unit_test(test_bad_references),
        cmocka_unit_test(test_an_error_names_the_text_safely),
        cmocka_unit_test(test_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
