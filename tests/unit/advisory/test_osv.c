/* SPDX-License-Identifier: Apache-2.0 */
/* Records of OSV: those of the schema's own page, and what databases publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/read.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

typedef void judge(const struct rb_advisory *advisory);

static int take(void *context, const struct rb_advisory *advisory, struct rb_err *err)
{
    judge *const *judge_it = context;
    (void)err;
    (*judge_it)(advisory);
    return 0;
}

static void read_record(const char *text, judge *judge_it)
{
    struct rb_err err;
    if (rb_osv_read(text, strlen(text), "record", take, (void *)&judge_it, &err) != 0)
        fail_msg("%s", err.text);
}

static void judge_npm(const struct rb_advisory *advisory)
{
    assert_string_equal(advisory->id, "GHSA-r9p9-mrjm-926w");
    assert_int_equal(advisory->alias_count, 1);
    assert_string_equal(advisory->aliases[0], "CVE-2020-28498");
    assert_int_equal(advisory->upstream_count, 0);
    assert_int_equal(advisory->published_at, INT64_C(1615219610000));
    assert_int_equal(advisory->withdrawn_at, 0);
    assert_int_equal(advisory->severity_count, 2);
    assert_int_equal(advisory->severities[0].type, RB_SEVERITY_CVSS_V3);
    assert_string_equal(advisory->severities[0].text,
                        "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:N");
    assert_int_equal(advisory->severities[0].score, 68);
    assert_int_equal(advisory->severities[1].type, RB_SEVERITY_OTHER);
    assert_int_equal(advisory->severities[1].score, RB_SEVERITY_NO_SCORE);
    assert_string_equal(advisory->severities[1].text, "MODERATE");
    assert_int_equal(advisory->affected_count, 1);
    const struct rb_affected *affected = &advisory->affected[0];
    assert_string_equal(affected->ecosystem.name, "npm");
    assert_string_equal(affected->package, "elliptic");
    assert_int_equal(affected->range_count, 1);
    assert_int_equal(affected->ranges[0].type, RB_RANGE_ECOSYSTEM);
    assert_int_equal(affected->ranges[0].event_count, 2);
    assert_int_equal(affected->ranges[0].events[1].kind, RB_EVENT_FIXED);
    assert_string_equal(affected->ranges[0].events[1].version, "6.5.4");
}

static void the_records_of_the_schema_are_read(void **state)
{
    (void)state;
    read_record("{\"schema_version\":\"1.2.0\",\"id\":\"GHSA-r9p9-mrjm-926w\","
                "\"modified\":\"2021-03-08T16:02:43Z\",\"published\":\"2021-03-08T16:06:50Z\","
                "\"aliases\":[\"CVE-2020-28498\"],\"summary\":\"Use of a Broken Algorithm\","
                "\"severity\":[{\"type\":\"CVSS_V3\","
                "\"score\":\"CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:H/I:N/A:N\"}],"
                "\"affected\":[{\"package\":{\"ecosystem\":\"npm\",\"name\":\"elliptic\"},"
                "\"ranges\":[{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"0\"},"
                "{\"fixed\":\"6.5.4\"}]}]}],\"database_specific\":{\"severity\":\"MODERATE\"}}",
                judge_npm);
}

static void judge_python(const struct rb_advisory *advisory)
{
    const struct rb_affected *affected = &advisory->affected[0];
    assert_int_equal(affected->range_count, 2);
    assert_int_equal(affected->ranges[0].type, RB_RANGE_GIT);
    assert_string_equal(affected->ranges[0].repository, "https://git.example.com/pikepdf");
    assert_int_equal(affected->version_count, 2);
    assert_string_equal(affected->versions[1], "2.8.0.post1");
    assert_string_equal(affected->severities[0].text, "HIGH");
}

static void ranges_of_every_type_and_versions_are_kept(void **state)
{
    (void)state;
    read_record("{\"id\":\"PYSEC-1\",\"modified\":\"2021-04-07T15:14:00Z\","
                "\"affected\":[{\"package\":{\"ecosystem\":\"PyPI\",\"name\":\"pikepdf\"},"
                "\"ranges\":[{\"type\":\"GIT\",\"repo\":\"https://git.example.com/pikepdf\","
                "\"events\":[{\"introduced\":\"0\"},{\"fixed\":\"3f38\"}]},"
                "{\"type\":\"ECOSYSTEM\",\"events\":[{\"introduced\":\"2.8.0\"},"
                "{\"last_affected\":\"2.9.2\"}]}],"
                "\"versions\":[\"2.8.0\",\"2.8.0.post1\"],"
                "\"ecosystem_specific\":{\"severity\":\"HIGH\"}}]}",
                judge_python);
}

static void judge_debian(const struct rb_advisory *advisory)
{
    assert_int_equal(advisory->alias_count, 0);
    assert_int_equal(advisory->upstream_count, 1);
    assert_string_equal(advisory->upstream[0], "CVE-2023-5363");
    assert_string_equal(advisory->affected[0].ecosystem.release, "12");
    assert_string_equal(advisory->affected[0].urgency, "unimportant");
    assert_int_equal(advisory->affected[0].status, RB_STATUS_UNTOLD);
}

/* What it is about, wherever a database has put it. */
static void the_cves_of_a_distribution_are_upstream(void **state)
{
    (void)state;
#define AFFECTED                                                                                   \
    "\"affected\":[{\"package\":{\"ecosystem\":\"Debian:bookworm\",\"name\":\"openssl\"},"         \
    "\"ecosystem_specific\":{\"urgency\":\"unimportant\"}}]}"
    static const char *const RECORDS[] = {
        "{\"id\":\"DEBIAN-CVE-2023-5363\",\"modified\":\"2023-10-25T00:00:00Z\","
        "\"upstream\":[\"CVE-2023-5363\"]," AFFECTED,
        "{\"id\":\"DSA-5532-1\",\"modified\":\"2023-10-25T00:00:00Z\","
        "\"aliases\":[\"CVE-2023-5363\"]," AFFECTED,
        "{\"id\":\"ALSA-1\",\"modified\":\"2023-10-25T00:00:00Z\",\"aliases\":[],"
        "\"related\":[\"CVE-2023-5363\",\"ALSA-0\"]," AFFECTED,
    };
#undef AFFECTED
    for (size_t i = 0; i < RB_COUNT_OF(RECORDS); i++)
        read_record(RECORDS[i], judge_debian);
}

static void judge_later(const struct rb_advisory *advisory)
{
    assert_true(advisory->withdrawn_at > 0);
    assert_int_equal(advisory->severities[0].type, RB_SEVERITY_UBUNTU);
    assert_int_equal(advisory->severities[1].type, RB_SEVERITY_OTHER);
    assert_string_equal(advisory->affected[0].package, "");
    assert_int_equal(advisory->affected[0].ranges[0].type, RB_RANGE_OTHER);
    assert_int_equal(advisory->affected[0].ranges[0].event_count, 1);
    assert_int_equal(advisory->affected[1].range_count, 0);
}

static void what_a_later_schema_adds_is_passed_over(void **state)
{
    (void)state;
    read_record("{\"schema_version\":\"1.99.0\",\"id\":\"X-1\",\"new\":{},\"aliases\":null,"
                "\"modified\":\"2026-01-21T00:00:00Z\",\"withdrawn\":\"2026-01-22T00:00:00Z\","
                "\"severity\":[{\"type\":\"Ubuntu\",\"score\":\"high\"},"
                "{\"type\":\"CVSS_V5\",\"score\":\"x\"}],"
                "\"affected\":[{\"ranges\":[{\"type\":\"DATE\",\"events\":[{\"since\":\"1\"},"
                "{\"introduced\":\"0\"}]}]},{\"package\":{\"ecosystem\":\"New\",\"name\":\"x\"},"
                "\"ranges\":null}]}",
                judge_later);
}

static void judge_none(const struct rb_advisory *advisory)
{
    fail_msg("%s was taken", advisory->id);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
#define MODIFIED "\"modified\":\"2026-01-21T00:00:00Z\""
    static const struct {
        const char *text;
        const char *error;
    } CASES[] = {
        {"<html>", "record: line 1 column 1"},
        {"[]", "\"id\" is missing"},
        {"{\"id\":\"x\"}", "\"modified\" is missing"},
        {"{\"id\":\"\"," MODIFIED "}", "\"id\" is not a name"},
        {"{\"id\":\"x\",\"modified\":\"today\"}", "record: \"modified\": \"today\""},
        {"{\"id\":\"x\"," MODIFIED ",\"withdrawn\":\"never\"}", "\"withdrawn\": \"never\""},
        {"{\"id\":\"x\"," MODIFIED ",\"aliases\":{}}", "\"aliases\" is not a list"},
        {"{\"id\":\"x\"," MODIFIED ",\"upstream\":[1]}", "\"upstream\" is not a list of texts"},
        {"{\"id\":\"x\"," MODIFIED ",\"severity\":[{}]}", "\"severity\" is not a list of types"},
        {"{\"id\":\"x\"," MODIFIED ",\"affected\":[1]}", "\"affected\" is not a list of objects"},
        {"{\"id\":\"x\"," MODIFIED ",\"affected\":[{\"ranges\":[{}]}]}", "objects with a type"},
        {"{\"id\":\"x\"," MODIFIED ",\"affected\":[{\"ranges\":[{\"type\":\"GIT\","
         "\"events\":1}]}]}",
         "\"events\" is not a list"},
        {"{\"id\":\"x\"," MODIFIED ",\"affected\":[{\"versions\":\"1\"}]}",
         "\"versions\" is not a list"},
    };
#undef MODIFIED
    judge *judge_it = judge_none;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_err err = {0};
        assert_int_equal(rb_osv_read(CASES[i].text, strlen(CASES[i].text), "record", take,
                                     (void *)&judge_it, &err),
                         RB_EINVALID);
        if (strstr(err.text, CASES[i].error) == NULL)
            fail_msg("%s: %s", CASES[i].text, err.text);
    }
}

static void more_than_is_accepted_is_a_limit(void **state)
{
    (void)state;
    judge *judge_it = judge_none;
    struct rb_err err;
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    rb_strbuf_puts(&text, "{\"id\":\"x\",\"modified\":\"2026-01-21T00:00:00Z\",\"aliases\":[\"\"");
    for (int i = 0; i < RB_ADVISORY_NAMES_MAXIMUM; i++)
        rb_strbuf_puts(&text, ",\"\"");
    rb_strbuf_puts(&text, "]}");
    assert_int_equal(
        rb_osv_read(rb_strbuf_text(&text), text.size, "record", take, (void *)&judge_it, &err),
        RB_ELIMIT);
    assert_string_equal(err.text, "record: \"aliases\" has more than 10000 items");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_records_of_the_schema_are_read),
        cmocka_unit_test(ranges_of_every_type_and_versions_are_kept),
        cmocka_unit_test(the_cves_of_a_distribution_are_upstream),
        cmocka_unit_test(what_a_later_schema_adds_is_passed_over),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(more_than_is_accepted_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
