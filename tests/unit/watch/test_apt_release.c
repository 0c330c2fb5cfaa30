/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/watch/apt.h"

#define HASH_A       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HASH_B       "BBBBbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define HASH_B_LOWER "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char GOOD[] = "Origin: Debian\n"
                           "Label: Debian-Security\n"
                           "Suite: oldstable-security\n"
                           "Codename: bookworm-security\n"
                           "Date: Sat, 11 Jul 2026 09:42:10 UTC\n"
                           "Valid-Until: Sat, 18 Jul 2026 09:42:10 UTC\n"
                           "Acquire-By-Hash: yes\n"
                           "Description: a text\n"
                           " that goes on: here\n"
                           "NotAutomatic: no\n"
                           "MD5Sum:\n"
                           " d41d8cd98f00b204e9800998ecf8427e 0 main/binary-amd64/Packages\n"
                           "SHA256:\n"
                           " " HASH_B "  50000000 main/binary-amd64/Packages\n"
                           " " HASH_A "      5000 main/binary-amd64/Packages.xz\n";

static int parse(const char *text, struct rb_apt_release **ret_release, struct rb_err *err)
{
    return rb_apt_release_parse(text, strlen(text), "Release", ret_release, err);
}

static void fields_dates_and_files_are_read(void **state)
{
    (void)state;
    struct rb_apt_release *release = NULL;
    struct rb_err err = {0};
    int64_t at = 0;
    assert_int_equal(parse(GOOD, &release, &err), 0);
    assert_string_equal(rb_apt_release_field(release, "Codename"), "bookworm-security");
    assert_string_equal(rb_apt_release_field(release, "suite"), "oldstable-security");
    assert_string_equal(rb_apt_release_field(release, "Description"), "a text");
    assert_null(rb_apt_release_field(release, "Version"));
    assert_int_equal(rb_time_parse("2026-07-11T09:42:10Z", &at, &err), 0);
    assert_true(rb_apt_release_date(release) == at);
    assert_true(rb_apt_release_valid_until(release) == at + 7 * INT64_C(86400000));
    assert_true(rb_apt_release_flag(release, "Acquire-By-Hash"));
    assert_false(rb_apt_release_flag(release, "NotAutomatic"));
    assert_false(rb_apt_release_flag(release, "ButAutomaticUpgrades"));
    const struct rb_apt_file *file = rb_apt_release_file(release, "main/binary-amd64/Packages.xz");
    assert_non_null(file);
    assert_true(file->size_bytes == 5000);
    assert_string_equal(file->sha256, HASH_A);
    file = rb_apt_release_file(release, "main/binary-amd64/Packages");
    assert_non_null(file);
    assert_string_equal(file->sha256, HASH_B_LOWER);
    assert_null(rb_apt_release_file(release, "main/binary-amd64/Packages.gz"));
    rb_apt_release_free(release);
}

static void the_line_ends_of_others_are_read_as_well(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "Suite: a\r\nSHA256:\r\n " HASH_A " 1 f\r\n",
        "Suite:\ta \nSHA256:\n\t" HASH_A "\t1\tf",
        "\n\nSuite: a\nSHA256:\n " HASH_A " 1 f\n " HASH_A " 1 f\n\n\n",
    };
    for (size_t i = 0; i < RB_COUNT_OF(TEXTS); i++) {
        struct rb_apt_release *release = NULL;
        struct rb_err err = {0};
        assert_int_equal(parse(TEXTS[i], &release, &err), 0);
        assert_string_equal(rb_apt_release_field(release, "Suite"), "a");
        assert_non_null(rb_apt_release_file(release, "f"));
        rb_apt_release_free(release);
    }
}

static void what_is_malformed_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } CASES[] = {
        {"", "Release is empty"},
        {"\n\n", "Release is empty"},
        {"<html>\n", "Release: line 1: not a field \"Name: value\""},
        {": x\n", "Release: line 1: not a field \"Name: value\""},
        {" a: b\n", "Release: line 1: a continuation of nothing"},
        {"Suite: a\n\nSuite: b\n", "Release: line 3: a second stanza"},
        {"Suite: a\nsuite: b\n", "Release: line 2: suite is there twice"},
        {"SHA256:\n abc 1 f\n", "Release: line 2: not \"HASH SIZE PATH\" with a SHA-256 hash"},
        {"SHA256:\n " HASH_A " -1 f\n",
         "Release: line 2: not \"HASH SIZE PATH\" with a SHA-256 hash"},
        {"SHA256:\n " HASH_A " 99999999999999999999 f\n",
         "Release: line 2: not \"HASH SIZE PATH\" with a SHA-256 hash"},
        {"SHA256:\n " HASH_A " 1\n", "Release: line 2: not \"HASH SIZE PATH\" with a SHA-256 hash"},
        {"SHA256:\n " HASH_A " 1 f g\n",
         "Release: line 2: not \"HASH SIZE PATH\" with a SHA-256 hash"},
        {"SHA256:\n " HASH_A " 1 f\n " HASH_A " 2 f\n", "Release: two different entries for f"},
        {"Date: yesterday\n", "Release: Date: \"yesterday\" is not an RFC 5322 date"},
        {"Valid-Until: Sat, 11 Jul 2026 09:42:10 CEST\n",
         "Release: Valid-Until: \"Sat, 11 Jul 2026 09:42:10 CEST\" is not an RFC 5322 date in UTC"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_apt_release *release = NULL;
        struct rb_err err = {0};
        assert_int_equal(parse(CASES[i].text, &release, &err), RB_EINVALID);
        assert_string_equal(err.text, CASES[i].error);
        assert_null(release);
    }
}

static void a_nul_or_too_much_is_refused(void **state)
{
    (void)state;
    struct rb_apt_release *release = NULL;
    struct rb_err err = {0};
    assert_int_equal(rb_apt_release_parse("Suite: a\0b\n", 11, "Release", &release, &err),
                     RB_EINVALID);
    size_t size = (8 << 20) + 1;
    RB_CLEANUP_FREE char *large = rb_alloc(size);
    memset(large, 'a', size);
    assert_int_equal(rb_apt_release_parse(large, size, "Release", &release, &err), RB_ELIMIT);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf many = RB_STRBUF_INIT(8 << 20);
    rb_strbuf_puts(&many, "SHA256:\n");
    for (int i = 0; i <= 100000; i++)
        rb_strbuf_printf(&many, " " HASH_A " 1 %d\n", i);
    assert_false(many.overflowed);
    assert_int_equal(rb_apt_release_parse(many.data, many.size, "Release", &release, &err),
                     RB_ELIMIT);
    assert_null(release);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_dates_and_files_are_read),
        cmocka_unit_test(the_line_ends_of_others_are_read_as_well),
        cmocka_unit_test(what_is_malformed_is_refused_with_its_line),
        cmocka_unit_test(a_nul_or_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
