/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of CVEs beside advisories: read, compiled, found again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/read.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

/* Writes what the builder has, frees it, and opens that. */
static struct rb_threats *compile(struct rb_threats_builder *builder)
{
    struct rb_threats *threats = NULL;
    struct rb_err err;
    RB_CLEANUP_FREE char *folder = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-threat-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/threats", folder);
    assert_int_equal(rb_threats_builder_write(builder, path, &err), 0);
    rb_threats_builder_free(builder);
    if (rb_threats_open(path, &threats, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
    return threats;
}

static void a_cve_has_a_number(void **state)
{
    (void)state;
    static const char *const BAD[] = {"",
                                      "CVE-",
                                      "CVE-2016",
                                      "CVE-2016-",
                                      "CVE-2016-1x",
                                      "cve-2016-1",
                                      "CVE-20160-1",
                                      "CVE-2016-99999999999999999999"};
    uint64_t a, b, c;
    assert_true(rb_cve_parse("CVE-2016-9962", &a));
    assert_true(rb_cve_parse("CVE-2016-10000", &b));
    assert_true(rb_cve_parse("CVE-2017-1", &c));
    assert_true(a < b && b < c);
    for (size_t i = 0; i < RB_COUNT_OF(BAD); i++)
        assert_false(rb_cve_parse(BAD[i], &a));
}

static void what_is_exploited_is_found(void **state)
{
    (void)state;
    static const char FEED[] =
        "{\"dateReleased\":\"2026-05-01T00:00:00Z\",\"vulnerabilities\":["
        "{\"cveID\":\"CVE-2021-44228\",\"vulnerabilityName\":\"Log4j\",\"dateAdded\":\"2021-12-"
        "10\","
        "\"dueDate\":\"2021-12-24\",\"knownRansomwareCampaignUse\":\"Known\"},"
        "{\"cveID\":\"CVE-2019-5736\",\"dateAdded\":\"soon\"}]}";
    char date[RB_FEED_DATE_SIZE] = "";
    struct rb_exploited exploited;
    struct rb_epss epss;
    struct rb_err err;
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_KEV);
    if (rb_kev_read(FEED, strlen(FEED), "feed", builder, date, &err) != 0)
        fail_msg("%s", err.text);
    assert_string_equal(date, "2026-05-01T00:00:00Z");
    assert_int_equal(rb_threats_builder_count(builder), 2);
    struct rb_threats *threats = compile(builder);
    assert_int_equal(rb_threats_count(threats), 2);
    assert_true(rb_threats_exploited(threats, "CVE-2021-44228", &exploited));
    assert_string_equal(exploited.name, "Log4j");
    assert_int_equal(exploited.added_at, INT64_C(1639094400000));
    assert_int_equal(exploited.due_at, INT64_C(1640304000000));
    assert_true(exploited.ransomware);
    assert_true(rb_threats_exploited(threats, "CVE-2019-5736", &exploited));
    assert_int_equal(exploited.added_at, 0);
    assert_false(exploited.ransomware);
    assert_false(rb_threats_exploited(threats, "CVE-2021-44229", &exploited));
    assert_false(rb_threats_exploited(threats, "DSA-1", &exploited));
    assert_false(rb_threats_epss(threats, "CVE-2021-44228", &epss));
    rb_threats_close(threats);
    rb_threats_close(NULL);
}

static void what_is_no_list_of_exploited_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } CASES[] = {
        {"<html>", "feed: line 1 column 1"},
        {"{}", "\"dateReleased\" is missing"},
        {"{\"dateReleased\":\"x\",\"vulnerabilities\":[]}", "\"x\" is no date"},
        {"{\"dateReleased\":\"2026-05-01T00:00:00Z\"}", "\"vulnerabilities\" is no list"},
        {"{\"dateReleased\":\"2026-05-01\",\"vulnerabilities\":[1]}", "0 has no cveID"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char date[RB_FEED_DATE_SIZE];
        struct rb_err err = {0};
        struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_KEV);
        assert_int_equal(
            rb_kev_read(CASES[i].text, strlen(CASES[i].text), "feed", builder, date, &err),
            RB_EINVALID);
        if (strstr(err.text, CASES[i].error) == NULL)
            fail_msg("%s: %s", CASES[i].text, err.text);
        rb_threats_builder_free(builder);
    }
}

static void scores_are_read_line_by_line(void **state)
{
    (void)state;
    static const char *const LINES[] = {"#model_version:v1,score_date:2026-05-01T00:00:00+0000",
                                        "cve,epss,percentile", "CVE-2020-1,0.00383,1.0",
                                        "CVE-2019-5736,0.5,0.25\r", "CVE-2020-1,0.1,0.2"};
    static const char *const BAD[] = {"",
                                      "CVE-2020-1",
                                      "CVE-2020-1,0.5",
                                      "CVE-2020-1,2,0.5",
                                      "CVE-2020-1,x,1",
                                      "CVE-2020-1,-0.1,1",
                                      "CVE-2020-1,0.1,1,1",
                                      "DSA-1,0.1,1",
                                      "CVE-2020-1,nan,1",
                                      "CVE-2020-1,0.1,1x"};
    char date[RB_FEED_DATE_SIZE] = "";
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_EPSS);
    struct rb_err err;
    struct rb_epss epss;
    for (size_t i = 0; i < RB_COUNT_OF(LINES); i++) {
        if (rb_epss_read_line(LINES[i], (int64_t)i + 1, "feed", builder, date, &err) != 0)
            fail_msg("%s", err.text);
    }
    assert_string_equal(date, "2026-05-01T00:00:00+0000");
    for (size_t i = 0; i < RB_COUNT_OF(BAD); i++)
        assert_int_equal(rb_epss_read_line(BAD[i], 3, "feed", builder, date, &err), RB_EINVALID);
    assert_int_equal(rb_epss_read_line("cve,epss", 1, "feed", builder, date, &err), RB_EINVALID);
    assert_int_equal(rb_epss_read_line("cve,epss", 2, "feed", builder, date, &err), RB_EINVALID);
    struct rb_threats *threats = compile(builder);
    assert_int_equal(rb_threats_count(threats), 2);
    assert_true(rb_threats_epss(threats, "CVE-2020-1", &epss));
    assert_float_equal(epss.score, 0.1, 1e-9);
    assert_true(rb_threats_epss(threats, "CVE-2019-5736", &epss));
    assert_float_equal(epss.percentile, 0.25, 1e-9);
    assert_false(rb_threats_epss(threats, "CVE-2019-5737", &epss));
    rb_threats_close(threats);
}

static void a_broken_file_is_refused(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL, *data = NULL;
    size_t size;
    struct rb_threats *threats = NULL;
    struct rb_exploited exploited = {.name = "a"};
    struct rb_threats_builder *builder = rb_threats_builder_new(RB_THREATS_KEV);
    assert_int_equal(rb_threats_builder_add_exploited(builder, "CVE-2020-1", &exploited, NULL), 0);
    assert_int_equal(rb_threats_builder_add_exploited(builder, "X", &exploited, NULL), RB_EINVALID);
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-threat-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/threats", folder);
    assert_int_equal(rb_threats_builder_write(builder, path, NULL), 0);
    rb_threats_builder_free(builder);
    assert_int_equal(rb_file_read(path, 1 << 20, &data, &size, NULL), 0);
    assert_int_equal(rb_file_write_atomic(path, data, size - 1, 0600, NULL), 0);
    assert_int_equal(rb_threats_open(path, &threats, NULL), RB_EINVALID);
    data[size - 2] ^= 1;
    assert_int_equal(rb_file_write_atomic(path, data, size, 0600, NULL), 0);
    assert_int_equal(rb_threats_open(path, &threats, NULL), RB_EINVALID);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cve_has_a_number),
        cmocka_unit_test(what_is_exploited_is_found),
        cmocka_unit_test(what_is_no_list_of_exploited_is_refused),
        cmocka_unit_test(scores_are_read_line_by_line),
        cmocka_unit_test(a_broken_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
