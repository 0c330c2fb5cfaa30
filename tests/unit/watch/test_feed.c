/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds of advisories and lists of checksums, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "watch/checksum_list.h"
#include "watch/feed.h"

#define HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define BIG "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"
#define OUT "0000000000000000000000000000000000000000000000000000000000000000"

typedef int reader(const char *data, size_t size, const char *what, struct rb_feed_summary *summary,
                   struct rb_err *err);

static void good_feeds_are_counted(void **state)
{
    (void)state;
    static const struct {
        reader *read;
        const char *text;
        int64_t records;
        const char *newest;
    } CASES[] = {
        {rb_feed_read_osv_record, "{\"id\":\"DSA-1\",\"modified\":\"2026-05-01T10:00:00.5Z\"}", 1,
         "2026-05-01T10:00:00Z"},
        {rb_feed_read_tracker,
         " { \"runc\" : {\"CVE-1\":{\"releases\":{}},\"CVE-2\":{\"releases\":{}}} ,"
         "\"perl\":{\"CVE-3\":{\"releases\":{\"sid\":1}}}}\n",
         3, ""},
        {rb_feed_read_secdb, "{\"packages\":[{\"pkg\":{\"name\":\"x\",\"secfixes\":{}}}]}", 1, ""},
        {rb_feed_read_kev,
         "{\"dateReleased\":\"2026-05-01T00:00:00Z\",\"vulnerabilities\":[{\"cveID\":\"CVE-1\"}]}",
         1, "2026-05-01T00:00:00Z"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_feed_summary summary = {0};
        struct rb_err err;
        if (CASES[i].read(CASES[i].text, strlen(CASES[i].text), "feed", &summary, &err) != 0)
            fail_msg("%s", err.text);
        assert_int_equal(summary.records, CASES[i].records);
        assert_string_equal(summary.newest, CASES[i].newest);
    }
}

static void what_is_no_feed_is_refused(void **state)
{
    (void)state;
    static const struct {
        reader *read;
        const char *text;
        const char *error;
    } CASES[] = {
        {rb_feed_read_osv_record, "<html>", "feed: line 1 column 1"},
        {rb_feed_read_osv_record, "{\"id\":\"x\"}", "\"modified\" is missing"},
        {rb_feed_read_osv_record, "{\"id\":\"x\",\"modified\":\"today\"}", "\"modified\""},
        {rb_feed_read_tracker, "[]", "byte 0: \"{\" is missing"},
        {rb_feed_read_tracker, "{\"runc\":[]}", "\"runc\" is no object"},
        {rb_feed_read_tracker, "{\"runc\":{\"CVE-1\":{}}}", "CVE-1 of \"runc\" has no releases"},
        {rb_feed_read_tracker, "{\"runc\":{}", "byte 10: \"}\" is missing"},
        {rb_feed_read_tracker, "{\"runc\":{}}x", "the end is missing"},
        {rb_feed_read_tracker, "{1:{}}", "the name of a package is missing"},
        {rb_feed_read_secdb, "{\"packages\":{}}", "\"packages\" is no list"},
        {rb_feed_read_secdb, "{\"packages\":[{}]}", "package 0 has no name"},
        {rb_feed_read_kev, "{}", "\"dateReleased\" is missing"},
        {rb_feed_read_kev, "{\"dateReleased\":\"x\",\"vulnerabilities\":[1]}", "has no cveID"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_feed_summary summary = {0};
        struct rb_err err = {0};
        assert_int_equal(
            CASES[i].read(CASES[i].text, strlen(CASES[i].text), "feed", &summary, &err),
            RB_EINVALID);
        if (strstr(err.text, CASES[i].error) == NULL)
            fail_msg("%s: %s", CASES[i].text, err.text);
    }
}

static void scores_are_read_line_by_line(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "CVE-1",
                                      "CVE-1,0.5",
                                      "CVE-1,2,0.5",
                                      "CVE-1,x,1",
                                      "CVE-1,-0.1,1",
                                      "CVE-1,0.1,1,1",
                                      "DSA-1,0.1,1",
                                      "CVE-1,nan,1",
                                      "CVE-1,0.1,1x"};
    struct rb_feed_summary summary = {0};
    struct rb_err err;
    assert_int_equal(rb_feed_read_epss_line("#model_version:v1,score_date:2026-05-01T00:00:00+0000",
                                            1, "feed", &summary, &err),
                     0);
    assert_string_equal(summary.newest, "2026-05-01T00:00:00+0000");
    assert_int_equal(rb_feed_read_epss_line("cve,epss,percentile", 2, "feed", &summary, &err), 0);
    assert_int_equal(rb_feed_read_epss_line("CVE-1,0.00383,1.0", 3, "feed", &summary, &err), 0);
    assert_int_equal(summary.records, 1);
    for (size_t i = 0; i < RB_COUNT_OF(BAD); i++)
        assert_int_equal(rb_feed_read_epss_line(BAD[i], 3, "feed", &summary, &err), RB_EINVALID);
    assert_int_equal(rb_feed_read_epss_line("cve,epss", 1, "feed", &summary, &err), RB_EINVALID);
    assert_int_equal(rb_feed_read_epss_line("cve,epss", 2, "feed", &summary, &err), RB_EINVALID);
}

static void a_checksum_is_found_in_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *list;
        int code;
    } CASES[] = {
        {HEX "  tool.bin\n", 0},
        {HEX " *tool.bin", 0},
        {OUT "  other.bin\r\n" BIG "  ./dist/tool.bin\r\n", 0},
        {"SHA256 (tool.bin) = " HEX "\n", 0},
        {"# a comment\n\nSHA256 (x/tool.bin) = " BIG "\n", 0},
        {HEX, 0},
        {HEX "\n", 0},
        {HEX "  tool.bin\n" HEX "  tool.bin\n", 0},
        {HEX "  tool.bin\n" OUT "  tool.bin\n", RB_EVERIFY},
        {HEX "\n" HEX "\n", RB_ENOTFOUND},
        {"", RB_ENOTFOUND},
        {HEX "tool.bin\n", RB_ENOTFOUND},
        {HEX "  xtool.bin\n", RB_ENOTFOUND},
        {"SHA512 (tool.bin) = " HEX "\n", RB_ENOTFOUND},
        {"SHA256 (tool.bin) = e3b0\n", RB_ENOTFOUND},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char found[RB_SHA256_HEX_SIZE] = "";
        struct rb_err err;
        int status = rb_checksum_list_find(CASES[i].list, strlen(CASES[i].list), "tool.bin", "list",
                                           found, &err);
        if (status != CASES[i].code)
            fail_msg("\"%s\" gave %d", CASES[i].list, status);
        if (status == 0)
            assert_string_equal(found, HEX);
    }
}

static void an_archive_that_is_cut_off_is_refused(void **state)
{
    (void)state;
    /* a gzip member that ends in its middle */
    static const unsigned char CUT[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x53, 0xce};
    RB_CLEANUP_FREE char *folder = NULL;
    struct rb_feed_summary summary;
    struct rb_err err;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-feed-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/feed", folder);
    assert_int_equal(rb_file_write_atomic(path, CUT, sizeof(CUT), 0600, NULL), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_EPSS, path, &summary, &err), RB_EINVALID);
    assert_int_equal(rb_feed_read(RB_SOURCE_OSV, path, &summary, &err), RB_EINVALID);
    assert_int_equal(rb_file_write_atomic(path, "{\"packages\":[]}", 15, 0600, NULL), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_SECDB, path, &summary, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, "holds no record"));
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_feeds_are_counted),
        cmocka_unit_test(what_is_no_feed_is_refused),
        cmocka_unit_test(scores_are_read_line_by_line),
        cmocka_unit_test(a_checksum_is_found_in_every_form),
        cmocka_unit_test(an_archive_that_is_cut_off_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
