/* SPDX-License-Identifier: Apache-2.0 */
/* From a name to the packages that anything is said of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/lookup.h"
#include "rebake/base/memory.h"
#include "set_fixture.h"

#define FROM_START TEST_RANGE("ECOSYSTEM", TEST_FROM("0"))

static const char *const RECORDS[] = {
    TEST_RECORD("DSA-1",
                "\"upstream\":[\"CVE-2026-1\",\"CVE-2026-2\"],\"affected\":[" TEST_AFFECTED(
                    "Debian:12", "openssl", FROM_START) "]"),
    TEST_RECORD("GHSA-1", "\"aliases\":[\"CVE-2026-1\"],\"summary\":\"It leaks.\",\"published\":"
                          "\"2026-01-01T00:00:00Z\",\"affected\":[" TEST_AFFECTED(
                              "npm", "left-pad", TEST_RANGE("SEMVER", TEST_FROM("0"))) "]"),
    TEST_RECORD("CVE-2026-2",
                "\"affected\":[" TEST_AFFECTED("Debian:11", "openssl",
                                               FROM_START) "," TEST_AFFECTED("Debian:12", "zlib",
                                                                             FROM_START) "]"),
    TEST_RECORD("CVE-2026-3", "\"withdrawn\":\"2026-01-03T00:00:00Z\",\"affected\":[" TEST_AFFECTED(
                                  "Debian:12", "bash", FROM_START) "]"),
    NULL};

/* "names | packages", each separated by spaces; "-" for what nobody knows. */
static char *look_up(const struct rb_advisory_set *set, const char *name)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    const struct rb_advisory_source source = {"osv", set};
    struct rb_vulnerability found;
    if (!rb_advisory_look_up(name, &source, 1, arena, &found))
        return rb_strdup("-");
    assert_string_equal(found.id, found.names[0]);
    const char *text = "";
    for (size_t i = 0; i < found.name_count; i++)
        text = rb_arena_printf(arena, "%s%s ", text, found.names[i]);
    text = rb_arena_printf(arena, "%s|", text);
    for (size_t i = 0; i < found.package_count; i++)
        text = rb_arena_printf(arena, "%s %s:%s", text, found.packages[i].kind->name,
                               found.packages[i].name);
    return rb_asprintf("%s%s%s", text, *found.summary == '\0' ? "" : " # ", found.summary);
}

static void a_name_leads_to_packages(void **state)
{
    static const struct {
        const char *name;
        const char *found;
    } CASES[] = {
        {"CVE-2026-1", "CVE-2026-1 GHSA-1 | Debian:openssl npm:left-pad # It leaks."},
        {"GHSA-1", "CVE-2026-1 GHSA-1 | Debian:openssl npm:left-pad # It leaks."},
        {"CVE-2026-2", "CVE-2026-2 | Debian:openssl Debian:zlib"},
        {"DSA-1", "DSA-1 CVE-2026-1 GHSA-1 CVE-2026-2 | Debian:openssl npm:left-pad Debian:zlib # "
                  "It leaks."},
        {"CVE-2026-3", "CVE-2026-3 |"},
        {"CVE-2026-9", "-"},
        {"", "-"},
    };
    (void)state;
    struct rb_advisory_set *set = test_set_make(RB_ORIGIN_GENERAL, rb_osv_read, RECORDS);
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *found = look_up(set, CASES[i].name);
        assert_string_equal(found, CASES[i].found);
    }
    rb_advisory_set_close(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_name_leads_to_packages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
