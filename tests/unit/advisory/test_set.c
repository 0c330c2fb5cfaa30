/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled set: what went in comes out, and what is broken is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "set_fixture.h"

static const char OPENSSL[] = TEST_RECORD(
    "DSA-5532-1",
    "\"published\":\"2023-10-25T00:00:00Z\",\"summary\":\"openssl - security update\","
    "\"upstream\":[\"CVE-2023-5363\",\"CVE-2023-5364\"],\"related\":[\"DSA-1\"],"
    "\"severity\":[{\"type\":\"CVSS_V3\",\"score\":\"CVSS:3.1/"
    "AV:N\"}],\"affected\":[" TEST_AFFECTED(
        "Debian:12", "openssl",
        TEST_RANGE(
            "ECOSYSTEM",
            TEST_FROM("0") "," TEST_FIXED(
                "3.0.11-1~deb12u2")) ",\"versions\":[\"3.0.9-1\",\"4.0-1\"],"
                                     "\"ecosystem_specific\":{\"urgency\":\"not yet "
                                     "assigned\"}") "," TEST_AFFECTED("Debian:11", "openssl",
                                                                      TEST_RANGE(
                                                                          "ECOSYSTEM",
                                                                          TEST_FROM("0"))) "]");
static const char PYTHON[] = TEST_RECORD(
    "PYSEC-1",
    "\"aliases\":[\"GHSA-x\",\"GHSA-x\",\"PYSEC-1\"],\"withdrawn\":\"2026-01-01T00:00:00Z\","
    "\"affected\":[" TEST_AFFECTED("PyPI", "Zope.Interface", "\"versions\":[\"1.0\",\"1.1\"]") "]");
static const char *const TEXTS[] = {OPENSSL, PYTHON, NULL};

static void what_went_in_comes_out(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, TEXTS);
    struct rb_advisory advisory;
    assert_int_equal(rb_advisory_set_count(set), 2);
    assert_int_equal(rb_advisory_set_origin(set), RB_ORIGIN_GENERAL);
    rb_advisory_set_get(set, 0, arena, &advisory);
    assert_string_equal(advisory.id, "DSA-5532-1");
    assert_string_equal(advisory.summary, "openssl - security update");
    assert_int_equal(advisory.upstream_count, 2);
    assert_string_equal(advisory.upstream[1], "CVE-2023-5364");
    assert_int_equal(advisory.related_count, 1);
    assert_string_equal(advisory.severities[0].text, "CVSS:3.1/AV:N");
    assert_int_equal(advisory.severities[0].score, RB_SEVERITY_NO_SCORE);
    assert_int_equal(advisory.published_at, INT64_C(1698192000000));
    assert_int_equal(advisory.affected_count, 2);
    const struct rb_affected *affected = &advisory.affected[1];
    assert_string_equal(affected->ecosystem.release, "12");
    assert_string_equal(affected->urgency, "not yet assigned");
    assert_int_equal(affected->ranges[0].event_count, 2);
    assert_string_equal(affected->ranges[0].events[1].version, "3.0.11-1~deb12u2");
    /* 3.0.9-1 is in the range already */
    assert_int_equal(affected->version_count, 1);
    assert_string_equal(affected->versions[0], "4.0-1");
    rb_advisory_set_get(set, 1, arena, &advisory);
    assert_true(advisory.withdrawn_at > 0);
    assert_int_equal(advisory.alias_count, 3);
    rb_advisory_set_close(set);
}

static void an_advisory_is_found_by_any_of_its_names(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t count;
        size_t position;
    } CASES[] = {
        {"DSA-5532-1", 1, 0}, {"CVE-2023-5363", 1, 0}, {"CVE-2023-5364", 1, 0},
        {"PYSEC-1", 1, 1},    {"GHSA-x", 1, 1},        {"DSA-1", 0, 0},
        {"", 0, 0},           {"ZZZ", 0, 0},
    };
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, TEXTS);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        size_t first;
        assert_int_equal(rb_advisory_set_find(set, CASES[i].name, &first), CASES[i].count);
        if (CASES[i].count > 0)
            assert_int_equal(rb_advisory_set_named(set, first), CASES[i].position);
    }
    rb_advisory_set_close(set);
}

static void what_is_said_of_a_package_is_found(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, TEXTS);
    struct rb_affected affected;
    size_t first, advisory;
    assert_int_equal(rb_advisory_set_find_package(set, "Debian:12", "openssl", &first), 1);
    rb_advisory_set_affected(set, first, arena, &affected, &advisory);
    assert_int_equal(advisory, 0);
    assert_string_equal(affected.package, "openssl");
    assert_int_equal(rb_advisory_set_find_package(set, "PyPI", "zope-interface", &first), 1);
    assert_int_equal(rb_advisory_set_find_package(set, "PyPI", "Zope.Interface", &first), 0);
    assert_int_equal(rb_advisory_set_find_package(set, "Debian:13", "openssl", &first), 0);
    assert_int_equal(rb_advisory_set_find_package(set, "Debian:12", "zlib", &first), 0);
    rb_advisory_set_close(set);
}

static void an_empty_set_answers_nothing(void **state)
{
    (void)state;
    static const char *const NONE[] = {NULL};
    size_t first;
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_DISTRIBUTION, rb_osv_read, NONE);
    assert_int_equal(rb_advisory_set_count(set), 0);
    assert_int_equal(rb_advisory_set_origin(set), RB_ORIGIN_DISTRIBUTION);
    assert_int_equal(rb_advisory_set_find(set, "CVE-1", &first), 0);
    assert_int_equal(rb_advisory_set_find_package(set, "Debian:12", "openssl", &first), 0);
    rb_advisory_set_close(set);
}

static void refuse(const char *path, const char *data, size_t size, const char *reason)
{
    struct rb_advisory_set *set = NULL;
    struct rb_err err = {0};
    assert_int_equal(rb_file_write_atomic(path, data, size, 0600, NULL), 0);
    assert_int_equal(rb_advisory_set_open(path, &set, &err), RB_EINVALID);
    if (strstr(err.text, reason) == NULL)
        fail_msg("%s: not \"%s\"", err.text, reason);
}

static void a_broken_file_is_refused(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL, *data = NULL;
    size_t size = 0;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-set-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/set", folder);
    struct rb_advisory_set_builder *builder = rb_advisory_set_builder_new(RB_ORIGIN_GENERAL);
    assert_int_equal(
        rb_osv_read(OPENSSL, strlen(OPENSSL), "text", rb_advisory_set_builder_add, builder, NULL),
        0);
    assert_int_equal(rb_advisory_set_builder_write(builder, path, NULL), 0);
    rb_advisory_set_builder_free(builder);
    assert_int_equal(rb_file_read(path, 1 << 20, &data, &size, NULL), 0);
    refuse(path, data, 10, "too short");
    refuse(path, data, size - 1, "another size");
    data[size - 3] ^= 1;
    refuse(path, data, size, "its checksum does not hold");
    data[0] ^= 1;
    refuse(path, data, size, "another magic number");
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_went_in_comes_out),
        cmocka_unit_test(an_advisory_is_found_by_any_of_its_names),
        cmocka_unit_test(what_is_said_of_a_package_is_found),
        cmocka_unit_test(an_empty_set_answers_nothing),
        cmocka_unit_test(a_broken_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
