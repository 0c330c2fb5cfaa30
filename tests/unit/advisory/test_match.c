/* SPDX-License-Identifier: Apache-2.0 */
/* Which advisories a package matches, and what becomes of several that are one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/match.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "set_fixture.h"

static const struct rb_inventory BOOKWORM = {
    .distribution = "debian", .distribution_version = "12", .codename = "bookworm"};

static struct rb_package package_of(enum rb_package_type type, const char *name,
                                    const char *version)
{
    return (struct rb_package){.type = type,
                               .name = name,
                               .version = version,
                               .architecture = "",
                               .source_name = name,
                               .source_version = version,
                               .path = ""};
}

/* Each event list with versions, and whether each is affected: the schema's own examples first. */
static void ranges_are_evaluated_as_the_schema_says(void **state)
{
    (void)state;
    static const struct {
        const char *events;
        const char *version;
        const char *range; /* NULL: outside */
        const char *fixed;
    } CASES[] = {
        {TEST_FROM("0"), "1.0.0", "all versions", NULL},
        {TEST_FROM("0") "," TEST_FIXED("1.0.2"), "1.0.1", "< 1.0.2", "1.0.2"},
        {TEST_FROM("0") "," TEST_FIXED("1.0.2"), "1.0.2", NULL, NULL},
        {TEST_FROM("0") "," TEST_FIXED("1.0.2"), "1.0.2-rc.1", "< 1.0.2", "1.0.2"},
        {TEST_FROM("1.0.0") "," TEST_FIXED("1.0.2") "," TEST_FROM("3.0.0") "," TEST_FIXED("3.2.5"),
         "0.9.0", NULL, NULL},
        {TEST_FROM("1.0.0") "," TEST_FIXED("1.0.2") "," TEST_FROM("3.0.0") "," TEST_FIXED("3.2.5"),
         "1.0.0", ">= 1.0.0, < 1.0.2", "1.0.2"},
        {TEST_FROM("1.0.0") "," TEST_FIXED("1.0.2") "," TEST_FROM("3.0.0") "," TEST_FIXED("3.2.5"),
         "2.0.0", NULL, NULL},
        {TEST_FIXED("3.2.5") "," TEST_FROM("3.0.0") "," TEST_FIXED("1.0.2") "," TEST_FROM("1.0.0"),
         "3.2.4", ">= 3.0.0, < 3.2.5", "3.2.5"},
        {TEST_FROM("0") "," TEST_LAST("2.1.214"), "2.1.214", "<= 2.1.214", NULL},
        {TEST_FROM("0") "," TEST_LAST("2.1.214"), "2.1.215", NULL, NULL},
        {TEST_FROM("0") "," TEST_LIMIT("2.0.0"), "1.9.9", "< 2.0.0", NULL},
        {TEST_FROM("0") "," TEST_LIMIT("2.0.0"), "2.0.0", NULL, NULL},
        {TEST_FROM("0") "," TEST_LIMIT("*"), "2.0.0", "all versions", NULL},
        {TEST_FROM("1.0.0") "," TEST_FIXED("1.0.0"), "1.0.0", NULL, NULL},
        {TEST_FIXED("1.0.0") "," TEST_FROM("1.0.0"), "1.0.0", ">= 1.0.0", NULL},
        {TEST_FROM("1.2") "," TEST_FIXED("2"), "1.9.9", ">= 1.2, < 2", "2"},
        {TEST_FROM("1.2") "," TEST_FIXED("2"), "v1.9.9+incompatible", ">= 1.2, < 2", "2"},
        {TEST_FROM("1.21.0-0") "," TEST_FIXED("1.21.5"), "go1.21rc2", ">= 1.21.0-0, < 1.21.5",
         "1.21.5"},
        {"", "1.0.0", NULL, NULL},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        RB_CLEANUP_FREE char *text = rb_asprintf(
            "{\"id\":\"GO-1\",\"modified\":\"2026-01-02T03:04:05Z\",\"affected\":[{\"package\":"
            "{\"ecosystem\":\"Go\",\"name\":\"example.com/m\"},\"ranges\":[{\"type\":\"SEMVER\","
            "\"events\":[%s]}]}]}",
            CASES[i].events);
        const char *const texts[] = {text, NULL};
        struct rb_advisory_source source = {"osv",
                                            test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, texts)};
        struct rb_package package =
            package_of(RB_PACKAGE_GOLANG, "example.com/m", CASES[i].version);
        struct rb_finding *findings;
        size_t count = rb_advisory_match(&BOOKWORM, &package, &source, 1, arena, &findings);
        if (count != (CASES[i].range != NULL))
            fail_msg("%s: %s gave %zu", CASES[i].events, CASES[i].version, count);
        if (count > 0) {
            assert_string_equal(findings[0].matches[0].range, CASES[i].range);
            assert_true(rb_text_equal(findings[0].matches[0].fixed_version, CASES[i].fixed));
        }
        rb_advisory_set_close((struct rb_advisory_set *)(uintptr_t)source.set);
    }
}

static const char *const DEBIAN_OSV[] = {
    TEST_RECORD("DSA-1",
                "\"upstream\":[\"CVE-2026-1\",\"CVE-2026-2\"],\"affected\":[" TEST_AFFECTED(
                    "Debian:12", "openssl",
                    TEST_RANGE("ECOSYSTEM", TEST_FROM("0") "," TEST_FIXED("3.0.11-1"))) "]"),
    TEST_RECORD("DEBIAN-CVE-2026-1",
                "\"upstream\":[\"CVE-2026-1\"],\"affected\":[" TEST_AFFECTED(
                    "Debian:12", "openssl",
                    TEST_RANGE("ECOSYSTEM",
                               TEST_FROM("0") "," TEST_FIXED(
                                   "3.0.11-1"))) "," TEST_AFFECTED("Debian:11", "openssl",
                                                                   TEST_RANGE("ECOSYSTEM",
                                                                              TEST_FROM("0"))) "]"),
    TEST_RECORD("DEBIAN-CVE-2026-9",
                "\"upstream\":[\"CVE-2026-9\"],"
                "\"withdrawn\":\"2026-01-03T00:00:00Z\",\"affected\":[" TEST_AFFECTED(
                    "Debian:12", "openssl", TEST_RANGE("ECOSYSTEM", TEST_FROM("0"))) "]"),
    TEST_RECORD("X-GIT", "\"affected\":[" TEST_AFFECTED("Debian:12", "openssl",
                                                        TEST_RANGE("GIT", TEST_FROM("0"))) "]"),
    NULL};
static const char *const TRACKER[] = {
    "{\"openssl\":{\"CVE-2026-2\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\","
    "\"fixed_version\":\"0\"}}},\"CVE-2026-1\":{\"releases\":{\"bookworm\":{\"status\":\"open\","
    "\"urgency\":\"low\",\"nodsa\":\"Minor issue\",\"nodsa_reason\":\"postponed\"}}},"
    "\"CVE-2026-3\":{\"releases\":{\"bookworm\":{\"status\":\"undetermined\"}}},"
    "\"CVE-2026-4\":{\"releases\":{\"bookworm\":{\"status\":\"resolved\","
    "\"fixed_version\":\"3.0.9-1\"}}}}}",
    NULL};

/* Found by its source, in its release; what the tracker says comes before the general feed. */
static void the_distribution_has_the_last_word(void **state)
{
    (void)state;
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_source sources[] = {
        {"osv", test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, DEBIAN_OSV)},
        {"tracker", test_set_make(RB_ORIGIN_DISTRIBUTION, rb_tracker_read, TRACKER)},
    };
    struct rb_package package = package_of(RB_PACKAGE_DEB, "libssl3", "3.0.9-1+b1");
    struct rb_finding *findings;
    package.source_name = "openssl";
    package.source_version = "3.0.9-1";
    assert_int_equal(rb_advisory_match(&BOOKWORM, &package, sources, 2, arena, &findings), 3);
    const struct rb_finding *first = &findings[0], *second = &findings[1], *third = &findings[2];

    assert_string_equal(first->id, "CVE-2026-1");
    assert_int_equal(first->verdict, RB_VERDICT_AFFECTED);
    assert_int_equal(first->match_count, 3);
    assert_false(first->has_conflict);
    assert_string_equal(first->matches[0].feed, "tracker");
    assert_string_equal(first->matches[0].postponed, "postponed");
    assert_string_equal(first->matches[0].reason, "Minor issue");
    assert_string_equal(first->matches[0].urgency, "low");
    assert_null(first->matches[0].fixed_version);
    assert_string_equal(first->matches[1].feed, "osv");
    assert_string_equal(first->matches[1].fixed_version, "3.0.11-1");
    assert_string_equal(first->matches[1].range, "< 3.0.11-1");
    assert_string_equal(first->matches[1].version, "3.0.9-1");
    assert_string_equal(first->names[1], "DEBIAN-CVE-2026-1");

    assert_string_equal(second->id, "CVE-2026-2");
    assert_int_equal(second->verdict, RB_VERDICT_NOT_AFFECTED);
    assert_true(second->has_conflict);
    assert_string_equal(second->matches[0].feed, "tracker");
    assert_string_equal(second->matches[1].advisory, "DSA-1");

    assert_string_equal(third->id, "CVE-2026-3");
    assert_int_equal(third->verdict, RB_VERDICT_UNDETERMINED);
    for (size_t i = 0; i < RB_COUNT_OF(sources); i++)
        rb_advisory_set_close((struct rb_advisory_set *)(uintptr_t)sources[i].set);
}

static size_t count_findings(const struct rb_inventory *inventory, struct rb_package package,
                             test_reader *read, const char *text, enum rb_verdict verdict)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const char *const texts[] = {text, NULL};
    struct rb_advisory_source source = {"feed", test_set_make(RB_ORIGIN_GENERAL, read, texts)};
    struct rb_finding *findings;
    size_t count = rb_advisory_match(inventory, &package, &source, 1, arena, &findings);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(findings[i].verdict, verdict);
    rb_advisory_set_close((struct rb_advisory_set *)(uintptr_t)source.set);
    return count;
}

static size_t count_affected(const struct rb_inventory *inventory, struct rb_package package,
                             test_reader *read, const char *text)
{
    return count_findings(inventory, package, read, text, RB_VERDICT_AFFECTED);
}

static void alpine_is_matched_by_origin(void **state)
{
    (void)state;
    static const struct rb_inventory ALPINE = {
        .distribution = "alpine", .distribution_version = "3.19.1", .codename = ""};
    static const char SECDB[] =
        "{\"distroversion\":\"v3.19\",\"packages\":[{\"pkg\":{\"name\":\"openssl\",\"secfixes\":"
        "{\"3.1.4-r1\":[\"CVE-2023-5363\"],\"0\":[\"CVE-2023-0001\"]}}}]}";
    struct rb_package package = package_of(RB_PACKAGE_APK, "libssl3", "3.1.4-r0");
    package.source_name = "openssl";
    assert_int_equal(count_affected(&ALPINE, package, rb_secdb_read, SECDB), 1);
    package.source_version = "3.1.4-r1";
    assert_int_equal(count_affected(&ALPINE, package, rb_secdb_read, SECDB), 0);
}

static void rpm_is_matched_with_its_epoch(void **state)
{
    (void)state;
    static const struct rb_inventory ROCKY = {
        .distribution = "rocky", .distribution_version = "9.3", .codename = ""};
    static const char RECORD[] = TEST_RECORD(
        "RLSA-1",
        "\"upstream\":[\"CVE-2026-1\"],\"affected\":[" TEST_AFFECTED(
            "Rocky Linux:9", "openssl",
            TEST_RANGE("ECOSYSTEM", TEST_FROM("0") "," TEST_FIXED("1:3.0.7-27.el9"))) "]");
    static const char UPDATEINFO[] =
        "<updates><update type=\"security\"><id>RLSA-1</id><severity>Important</severity>"
        "<issued date=\"2026-01-02\"/><references><reference id=\"CVE-2026-1\" type=\"cve\"/>"
        "</references><pkglist><collection><package name=\"openssl-libs\" epoch=\"1\" "
        "version=\"3.0.7\" release=\"27.el9\" arch=\"x86_64\"/></collection></pkglist></update>"
        "<update type=\"bugfix\"><id>RLBA-1</id><pkglist><collection><package "
        "name=\"openssl-libs\" epoch=\"1\" version=\"9\" release=\"1\" arch=\"x86_64\"/>"
        "</collection></pkglist></update></updates>";
    struct rb_package package = package_of(RB_PACKAGE_RPM, "openssl-libs", "1:3.0.7-25.el9");
    package.source_name = "openssl";
    package.source_version = "3.0.7-25.el9";
    assert_int_equal(count_affected(&ROCKY, package, rb_osv_read, RECORD), 1);
    assert_int_equal(count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO), 1);
    package.version = "1:3.0.7-1.fc39"; /* of another distribution than the repository's */
    assert_int_equal(count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO), 0);
    package.version = "1:3.0.7-1.el9_4.2";
    assert_int_equal(count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO), 1);
    package.version = "1:3.0.7-25"; /* it does not say */
    assert_int_equal(count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO), 1);
    package.version = "1:3.0.7-27.el9";
    package.source_version = "3.0.7-27.el9";
    assert_int_equal(count_affected(&ROCKY, package, rb_osv_read, RECORD), 0);
    assert_int_equal(count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO), 0);
    package.version = "1:3.0.7-1.module+el9+1";
    package.source_version = "3.0.7-1.module+el9+1";
    assert_int_equal(count_affected(&ROCKY, package, rb_osv_read, RECORD), 0);
}

static void a_fix_of_one_stream_says_nothing_of_another(void **state)
{
    (void)state;
    static const struct rb_inventory ROCKY = {
        .distribution = "rocky", .distribution_version = "8.9", .codename = ""};
    static const char UPDATEINFO[] =
        "<updates><update type=\"security\"><id>RLSA-2</id><references>"
        "<reference id=\"CVE-2026-2\" type=\"cve\"/></references><pkglist><collection>"
        "<module name=\"perl\" stream=\"5.26\" version=\"8\" context=\"9d\" arch=\"x86_64\"/>"
        "<package name=\"perl\" epoch=\"4\" version=\"5.26.3\" "
        "release=\"420.module+el8.9+1+a\" arch=\"x86_64\"/></collection></pkglist></update>"
        "</updates>";
    static const struct {
        const char *module;
        size_t affected;
    } CASES[] = {{"perl:5.26:8010020190322130042:9d367344", 1},
                 {"perl:5.26", 1},
                 {"perl:5.24:8010020190322130042:9d367344", 0},
                 {"perl:5.2:1:2", 0},
                 {"perl:5.260:1:2", 0},
                 {"", 1}}; /* it is not known */
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_package package =
            package_of(RB_PACKAGE_RPM, "perl", "4:5.24.4-403.module+el8.1+1+b");
        package.module = CASES[i].module;
        if (count_affected(&ROCKY, package, rb_updateinfo_read, UPDATEINFO) != CASES[i].affected)
            fail_msg("%s", CASES[i].module);
    }
}

/* As a scan tells of them, and as each ecosystem's records do. */
static void languages_are_matched_by_their_own_names_and_orders(void **state)
{
    (void)state;
#define RECORD(ecosystem, name, type, fixed)                                                       \
    TEST_RECORD("GHSA-1",                                                                          \
                "\"affected\":[" TEST_AFFECTED(                                                    \
                    ecosystem, name, TEST_RANGE(type, TEST_FROM("0") "," TEST_FIXED(fixed))) "]")
    static const struct {
        enum rb_package_type type;
        const char *name, *record, *affected, *fixed;
    } CASES[] = {
        {RB_PACKAGE_PYPI, "jinja2", RECORD("PyPI", "Jinja2", "ECOSYSTEM", "3.1.3"), "3.1.2",
         "3.1.3"},
        {RB_PACKAGE_NPM, "@babel/traverse", RECORD("npm", "@babel/traverse", "SEMVER", "7.23.2"),
         "7.9.0", "7.23.2"},
        {RB_PACKAGE_GEM, "rack", RECORD("RubyGems", "rack", "ECOSYSTEM", "3.0.0"), "3.0.0.beta1",
         "3.0.0"},
        {RB_PACKAGE_MAVEN, "org.apache.logging.log4j:log4j-core",
         RECORD("Maven", "org.apache.logging.log4j:log4j-core", "ECOSYSTEM", "2.15.0"),
         "2.15.0-rc1", "2.15.0"},
        {RB_PACKAGE_GOLANG, "github.com/opencontainers/runc",
         RECORD("Go", "github.com/opencontainers/runc", "SEMVER", "1.1.12"), "v1.1.4", "v1.1.12"},
        {RB_PACKAGE_GOLANG, "github.com/docker/docker",
         RECORD("Go", "github.com/docker/docker", "SEMVER", "20.10.24+incompatible"),
         "v20.10.7+incompatible", "v20.10.24+incompatible"},
        {RB_PACKAGE_GOLANG, "golang.org/x/net",
         RECORD("Go", "golang.org/x/net", "SEMVER", "0.17.0"), "v0.0.0-20220722155237-a158d28d115b",
         "v0.17.0"},
        {RB_PACKAGE_GOLANG, "stdlib", RECORD("Go", "stdlib", "SEMVER", "1.21.0"), "1.21.0-rc.2",
         "1.21.0"},
        {RB_PACKAGE_CARGO, "rustls", RECORD("crates.io", "rustls", "SEMVER", "0.23.5"), "0.23.4",
         "0.23.5"},
    };
#undef RECORD
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_package package = package_of(CASES[i].type, CASES[i].name, CASES[i].affected);
        if (count_affected(&BOOKWORM, package, rb_osv_read, CASES[i].record) != 1)
            fail_msg("%s %s", CASES[i].name, CASES[i].affected);
        package = package_of(CASES[i].type, CASES[i].name, CASES[i].fixed);
        if (count_affected(&BOOKWORM, package, rb_osv_read, CASES[i].record) != 0)
            fail_msg("%s %s", CASES[i].name, CASES[i].fixed);
        package = package_of(RB_PACKAGE_DEB, CASES[i].name, CASES[i].affected);
        assert_int_equal(count_affected(&BOOKWORM, package, rb_osv_read, CASES[i].record), 0);
    }
}

static void what_cannot_be_judged_is_said(void **state)
{
    (void)state;
    static const char RECORD[] = TEST_RECORD(
        "GHSA-1",
        "\"aliases\":[\"CVE-2026-1\"],\"affected\":[" TEST_AFFECTED(
            "npm", "x", TEST_RANGE("SEMVER", TEST_FROM("0") "," TEST_FIXED("2.0.0"))) "]");
    static const char BAD_FIX[] = TEST_RECORD(
        "GHSA-1", "\"affected\":[" TEST_AFFECTED(
                      "npm", "x", TEST_RANGE("SEMVER", TEST_FROM("0") "," TEST_FIXED("soon"))) "]");
    static const char LISTED[] = TEST_RECORD(
        "GHSA-1", "\"affected\":[" TEST_AFFECTED("npm", "x", "\"versions\":[\"git\"]") "]");
    struct rb_package package = package_of(RB_PACKAGE_NPM, "x", "git");
    assert_int_equal(count_findings(&BOOKWORM, package, rb_osv_read, RECORD, RB_VERDICT_UNJUDGED),
                     1);
    assert_int_equal(count_affected(&BOOKWORM, package, rb_osv_read, LISTED), 1);
    package.version = "1.0.0";
    assert_int_equal(count_findings(&BOOKWORM, package, rb_osv_read, BAD_FIX, RB_VERDICT_UNJUDGED),
                     1);
    assert_string_equal(rb_verdict_name(RB_VERDICT_UNJUDGED), "unjudged");
}

/* A name leads to the next: PYSEC to GHSA, that to CVE. */
static void one_of_many_names_is_one(void **state)
{
    (void)state;
    static const char *const FIRST[] = {
        TEST_RECORD("PYSEC-1", "\"aliases\":[\"GHSA-1\"],\"affected\":[" TEST_AFFECTED(
                                   "PyPI", "zope-interface", "\"versions\":[\"1.0\"]") "]"),
        NULL};
    static const char *const SECOND[] = {
        TEST_RECORD("GHSA-1",
                    "\"aliases\":[\"CVE-2026-1\"],\"affected\":[" TEST_AFFECTED(
                        "PyPI", "Zope.Interface",
                        "\"versions\":[\"1.0\"]") "," TEST_AFFECTED("PyPI", "Zope.Interface",
                                                                    "\"versions\":[\"2.0\"]") "]"),
        NULL};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    struct rb_advisory_source sources[] = {
        {"pysec", test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, FIRST)},
        {"ghsa", test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, SECOND)},
    };
    struct rb_package package = package_of(RB_PACKAGE_PYPI, "zope.interface", "1.0");
    struct rb_finding *findings;
    assert_int_equal(rb_advisory_match(&BOOKWORM, &package, sources, 2, arena, &findings), 1);
    assert_string_equal(findings[0].id, "CVE-2026-1");
    assert_int_equal(findings[0].name_count, 3);
    assert_int_equal(findings[0].match_count, 2);
    assert_string_equal(findings[0].matches[0].range, "= 1.0");
    assert_false(findings[0].has_conflict);
    package.version = "2.0";
    assert_int_equal(rb_advisory_match(&BOOKWORM, &package, sources, 2, arena, &findings), 1);
    assert_true(findings[0].has_conflict);
    assert_int_equal(findings[0].verdict, RB_VERDICT_AFFECTED);
    for (size_t i = 0; i < RB_COUNT_OF(sources); i++)
        rb_advisory_set_close((struct rb_advisory_set *)(uintptr_t)sources[i].set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_evaluated_as_the_schema_says),
        cmocka_unit_test(the_distribution_has_the_last_word),
        cmocka_unit_test(alpine_is_matched_by_origin),
        cmocka_unit_test(rpm_is_matched_with_its_epoch),
        cmocka_unit_test(a_fix_of_one_stream_says_nothing_of_another),
        cmocka_unit_test(languages_are_matched_by_their_own_names_and_orders),
        cmocka_unit_test(what_cannot_be_judged_is_said),
        cmocka_unit_test(one_of_many_names_is_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
