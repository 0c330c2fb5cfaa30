/* SPDX-License-Identifier: Apache-2.0 */
/* What distributions publish, and whole feeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/feed.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "set_fixture.h"

static struct rb_advisory get(const struct rb_advisory_set *set, const char *name,
                              struct rb_arena *arena)
{
    struct rb_advisory advisory;
    size_t first;
    assert_int_equal(rb_advisory_set_find(set, name, &first), 1);
    rb_advisory_set_get(set, rb_advisory_set_named(set, first), arena, &advisory);
    return advisory;
}

static void the_trackers_words_are_kept(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        " { \"runc\" : {\"CVE-2016-9962\":{\"description\":\"A flaw.\\nMore.\",\"releases\":{"
        "\"bookworm\":{\"status\":\"resolved\",\"fixed_version\":\"1.0.0-1\",\"urgency\":\"low\"},"
        "\"bullseye\":{\"status\":\"open\",\"urgency\":\"not yet assigned\",\"nodsa\":\"Minor "
        "issue\","
        "\"nodsa_reason\":\"\"},\"trixie\":{\"status\":\"resolved\",\"fixed_version\":\"0\"},"
        "\"forky\":{\"status\":\"open\",\"next_point_update\":true},"
        "\"sid\":{\"status\":\"undetermined\"}}}} ,\"perl\":{\"CVE-2026-3\":{\"releases\":{}}}}\n",
        NULL};
    static const struct {
        const char *release;
        enum rb_advisory_status status;
        size_t ranges;
        const char *postponed;
    } CASES[] = {
        {"11", RB_STATUS_OPEN, 1, "nodsa"},     {"12", RB_STATUS_RESOLVED, 1, ""},
        {"13", RB_STATUS_NOT_AFFECTED, 0, ""},  {"14", RB_STATUS_OPEN, 1, "next-point-update"},
        {"sid", RB_STATUS_UNDETERMINED, 0, ""},
    };
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_DISTRIBUTION, rb_tracker_read, TEXTS);
    struct rb_advisory advisory = get(set, "CVE-2016-9962", arena);
    assert_int_equal(rb_advisory_set_count(set), 2);
    assert_string_equal(advisory.summary, "A flaw.…");
    assert_int_equal(advisory.affected_count, RB_COUNT_OF(CASES));
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        const struct rb_affected *affected = &advisory.affected[i];
        assert_string_equal(affected->package, "runc");
        assert_string_equal(affected->ecosystem.release, CASES[i].release);
        assert_int_equal(affected->status, CASES[i].status);
        assert_int_equal(affected->range_count, CASES[i].ranges);
        assert_string_equal(affected->postponed, CASES[i].postponed);
    }
    assert_string_equal(advisory.affected[0].reason, "Minor issue");
    assert_string_equal(advisory.affected[1].ranges[0].events[1].version, "1.0.0-1");
    rb_advisory_set_close(set);
}

static void the_ids_of_a_fix_are_told_apart(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "{\"distroversion\":\"v3.19\",\"packages\":[{\"pkg\":{\"name\":\"xen\",\"secfixes\":{"
        "\"4.10.0-r2\":[\"CVE-2018-7540 XSA-252\",\"XSA-1\",\"CVE-2019-1 CVE-2019-2 XSA-295\","
        "\"CVE-2017-2616 (+ regression fix)\",\"CVE N/A ZBX-11023\"],\"7.4.0-r0\":{},"
        "\"0\":[\"CVE-2020-1\"]}}}]}",
        NULL};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_DISTRIBUTION, rb_secdb_read, TEXTS);
    assert_int_equal(rb_advisory_set_count(set), 7);
    struct rb_advisory advisory = get(set, "XSA-252", arena);
    assert_string_equal(advisory.id, "CVE-2018-7540");
    assert_string_equal(advisory.affected[0].ecosystem.release, "v3.19");
    assert_string_equal(advisory.affected[0].ranges[0].events[1].version, "4.10.0-r2");
    assert_int_equal(get(set, "CVE-2019-2", arena).alias_count, 0);
    assert_string_equal(get(set, "CVE-2019-2", arena).related[0], "XSA-295");
    assert_int_equal(get(set, "CVE-2017-2616", arena).alias_count, 0);
    assert_string_equal(get(set, "ZBX-11023", arena).id, "ZBX-11023");
    assert_int_equal(get(set, "CVE-2020-1", arena).affected[0].status, RB_STATUS_NOT_AFFECTED);
    assert_int_equal(get(set, "CVE-2020-1", arena).affected[0].range_count, 0);
    rb_advisory_set_close(set);
}

static void updates_of_a_repository_are_advisories(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "<updates><update type=\"security\"><id>RHSA-1</id><severity>Important</severity>"
        "<issued date=\"2026-01-02 00:00:00\"/><references><reference id=\"CVE-2026-1\" "
        "type=\"cve\"/><reference id=\"7\" type=\"bugzilla\"/></references><pkglist><collection>"
        "<package name=\"a\" epoch=\"0\" version=\"1\" release=\"2\" arch=\"x86_64\"/>"
        "<package name=\"a\" epoch=\"0\" version=\"1\" release=\"2\" arch=\"i686\"/>"
        "</collection></pkglist></update><update "
        "type=\"bugfix\"><id>RHBA-1</id></update></updates>",
        NULL};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_DISTRIBUTION, rb_updateinfo_read, TEXTS);
    assert_int_equal(rb_advisory_set_count(set), 1);
    struct rb_advisory advisory = get(set, "CVE-2026-1", arena);
    assert_string_equal(advisory.id, "RHSA-1");
    assert_int_equal(advisory.published_at, INT64_C(1767312000000));
    assert_string_equal(advisory.severities[0].text, "Important");
    assert_int_equal(advisory.affected_count, 1);
    assert_string_equal(advisory.affected[0].ecosystem.name, "rpm");
    assert_string_equal(advisory.affected[0].ranges[0].events[1].version, "1-2");
    rb_advisory_set_close(set);
}

static int ignore(void *context, const struct rb_advisory *advisory, struct rb_err *err)
{
    (void)context;
    (void)advisory;
    (void)err;
    return 0;
}

static void what_is_no_feed_is_refused(void **state)
{
    (void)state;
    static const struct {
        test_reader *read;
        const char *text;
        const char *error;
    } CASES[] = {
        {rb_tracker_read, "[]", "byte 0: \"{\" is missing"},
        {rb_tracker_read, "{\"runc\":[]}", "\"runc\" is no object"},
        {rb_tracker_read, "{\"runc\":{\"CVE-1\":{}}}", "CVE-1 of \"runc\" has no releases"},
        {rb_tracker_read, "{\"runc\":{\"CVE-1\":{\"releases\":{\"sid\":1}}}}", "\"\" is no status"},
        {rb_tracker_read,
         "{\"runc\":{\"CVE-1\":{\"releases\":{\"sid\":{\"status\":\"resolved\"}}}}}",
         "\"resolved\" is no status"},
        {rb_tracker_read, "{\"runc\":{}", "byte 10: \"}\" is missing"},
        {rb_tracker_read, "{\"runc\":{}}x", "the end is missing"},
        {rb_tracker_read, "{1:{}}", "the name of a package is missing"},
        {rb_secdb_read, "{\"packages\":{}}", "\"packages\" is no list"},
        {rb_secdb_read, "{\"packages\":[]}", "\"distroversion\" is missing"},
        {rb_secdb_read, "{\"distroversion\":\"v3.19\",\"packages\":[{}]}", "package 0 has no name"},
        {rb_secdb_read,
         "{\"distroversion\":\"v3.19\",\"packages\":[{\"pkg\":{\"name\":\"x\","
         "\"secfixes\":{\"1\":[2]}}}]}",
         "an id of version 1 is no text"},
        {rb_updateinfo_read, "<html>", "feed: "},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_err err = {0};
        assert_int_equal(
            CASES[i].read(CASES[i].text, strlen(CASES[i].text), "feed", ignore, NULL, &err),
            RB_EINVALID);
        if (strstr(err.text, CASES[i].error) == NULL)
            fail_msg("%s: %s", CASES[i].text, err.text);
    }
}

static void a_feed_is_judged_and_compiled(void **state)
{
    (void)state;
    /* a gzip member that ends in its middle */
    static const unsigned char CUT[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x53, 0xce};
    static const char RECORD[] = TEST_RECORD("X-1", "\"aliases\":[]");
    static const char EMPTY[] = "{\"distroversion\":\"v3.20\",\"packages\":[]}";
    RB_CLEANUP_FREE char *folder = NULL;
    struct rb_feed_summary summary;
    struct rb_err err;
    struct rb_advisory_set *set;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-feed-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/feed", folder);
    RB_CLEANUP_FREE char *set_path = rb_asprintf("%s/set", folder);
    assert_int_equal(rb_file_write_atomic(path, CUT, sizeof(CUT), 0600, NULL), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_EPSS, path, set_path, &summary, &err), RB_EINVALID);
    assert_int_equal(rb_feed_read(RB_SOURCE_OSV, path, set_path, &summary, &err), RB_EINVALID);
    assert_int_equal(rb_file_write_atomic(path, EMPTY, strlen(EMPTY), 0600, NULL), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_SECDB, path, set_path, &summary, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, "holds no record"));
    assert_false(rb_file_exists(set_path));
    assert_int_equal(rb_file_write_atomic(path, RECORD, strlen(RECORD), 0600, NULL), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_OSV, path, NULL, &summary, &err), 0);
    assert_int_equal(rb_feed_read(RB_SOURCE_OSV, path, set_path, &summary, &err), 0);
    assert_int_equal(summary.records, 1);
    assert_string_equal(summary.newest, "2026-01-02T03:04:05Z");
    assert_int_equal(rb_advisory_set_open(set_path, &set, &err), 0);
    assert_int_equal(rb_advisory_set_origin(set), RB_ORIGIN_GENERAL);
    rb_advisory_set_close(set);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_trackers_words_are_kept),
        cmocka_unit_test(the_ids_of_a_fix_are_told_apart),
        cmocka_unit_test(updates_of_a_repository_are_advisories),
        cmocka_unit_test(what_is_no_feed_is_refused),
        cmocka_unit_test(a_feed_is_judged_and_compiled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
