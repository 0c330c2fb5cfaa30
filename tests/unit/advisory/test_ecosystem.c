/* SPDX-License-Identifier: Apache-2.0 */
/* The words of feeds for ecosystems, and the ecosystems of packages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rebake/advisory/advisory.h"
#include "rebake/base/memory.h"

static void a_word_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *key;
        const char *suffix;
    } CASES[] = {
        {"Debian:12", "Debian:12", ""},
        {"Debian:bookworm", "Debian:12", ""},
        {"Debian:sid", "Debian:sid", ""},
        {"Debian", "Debian", ""},
        {"Alpine:v3.19", "Alpine:v3.19", ""},
        {"Alpine:edge", "Alpine:edge", ""},
        {"Ubuntu:22.04:LTS", "Ubuntu:22.04", "LTS"},
        {"Ubuntu:Pro:18.04:LTS", "Ubuntu:18.04", "Pro:LTS"},
        {"Ubuntu:Pro:FIPS-updates:20.04:LTS", "Ubuntu:20.04", "Pro:FIPS-updates:LTS"},
        {"Ubuntu:24.10", "Ubuntu:24.10", ""},
        {"Red Hat:enterprise_linux:9::appstream", "Red Hat:9", "enterprise_linux:9::appstream"},
        {"Red Hat:enterprise_linux:10.1", "Red Hat:10", "enterprise_linux:10.1"},
        {"Red Hat:rhel_aus:8.4::appstream", "Red Hat:rhel_aus:8.4::appstream",
         "rhel_aus:8.4::appstream"},
        {"Rocky Linux:9", "Rocky Linux:9", ""},
        {"AlmaLinux:8", "AlmaLinux:8", ""},
        {"SUSE:Linux Enterprise Module for Basesystem 15 SP5", "SUSE:15 SP5",
         "Linux Enterprise Module for Basesystem 15 SP5"},
        {"SUSE:Linux Enterprise Server 15 SP3-LTSS", "SUSE:15 SP3",
         "Linux Enterprise Server 15 SP3-LTSS"},
        {"openSUSE:Leap 15.5", "openSUSE:15.5", "Leap 15.5"},
        {"openSUSE:Tumbleweed", "openSUSE:Tumbleweed", "Tumbleweed"},
        {"Maven:https://maven.google.com", "Maven", "https://maven.google.com"},
        {"PyPI", "PyPI", ""},
        {"Mageia:9", "Mageia:9", ""},
        {"Wolfi", "Wolfi", ""},
        {"Bitnami", "Bitnami", ""},
        {"FreeBSD:base:14.3", "FreeBSD:base:14.3", ""},
        {"", "", ""},
        {":", "", ""},
    };
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_ecosystem ecosystem = rb_ecosystem_parse(CASES[i].text, arena);
        assert_string_equal(rb_ecosystem_key(&ecosystem, arena), CASES[i].key);
        assert_string_equal(ecosystem.suffix, CASES[i].suffix);
    }
}

static void a_package_has_the_ecosystem_of_its_distribution_or_language(void **state)
{
    (void)state;
    static const struct {
        enum rb_package_type type;
        const char *id;
        const char *version;
        const char *codename;
        const char *key; /* NULL: none is known */
    } CASES[] = {
        {RB_PACKAGE_DEB, "debian", "12", "bookworm", "Debian:12"},
        {RB_PACKAGE_DEB, "debian", "12.5", "", "Debian:12"},
        {RB_PACKAGE_DEB, "debian", "", "forky", "Debian:14"},
        {RB_PACKAGE_DEB, "debian", "", "sid", "Debian:sid"},
        {RB_PACKAGE_DEB, "debian", "", "", NULL},
        {RB_PACKAGE_DEB, "ubuntu", "22.04", "jammy", "Ubuntu:22.04"},
        {RB_PACKAGE_DEB, "devuan", "5", "", NULL},
        {RB_PACKAGE_DEB, "alpine", "3.19.1", "", NULL},
        {RB_PACKAGE_APK, "alpine", "3.19.1", "", "Alpine:v3.19"},
        {RB_PACKAGE_APK, "alpine", "3.21.0_alpha20240923", "", "Alpine:edge"},
        {RB_PACKAGE_APK, "wolfi", "20230201", "", "Wolfi"},
        {RB_PACKAGE_RPM, "rhel", "9.4", "", "Red Hat:9"},
        {RB_PACKAGE_RPM, "rocky", "9.3", "", "Rocky Linux:9"},
        {RB_PACKAGE_RPM, "almalinux", "8.10", "", "AlmaLinux:8"},
        {RB_PACKAGE_RPM, "sles", "15.5", "", "SUSE:15 SP5"},
        {RB_PACKAGE_RPM, "sles", "12", "", "SUSE:12"},
        {RB_PACKAGE_RPM, "opensuse-leap", "15.6", "", "openSUSE:15.6"},
        {RB_PACKAGE_RPM, "opensuse-tumbleweed", "20260901", "", "openSUSE:Tumbleweed"},
        {RB_PACKAGE_RPM, "fedora", "39", "", "Fedora:39"},
        {RB_PACKAGE_PYPI, "debian", "12", "", "PyPI"},
        {RB_PACKAGE_NPM, "", "", "", "npm"},
        {RB_PACKAGE_GOLANG, "", "", "", "Go"},
        {RB_PACKAGE_MAVEN, "", "", "", "Maven"},
        {RB_PACKAGE_GEM, "", "", "", "RubyGems"},
        {RB_PACKAGE_CARGO, "", "", "", "crates.io"},
    };
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_inventory inventory = {.distribution = CASES[i].id,
                                         .distribution_version = CASES[i].version,
                                         .codename = CASES[i].codename};
        struct rb_package package = {.type = CASES[i].type, .name = "x", .version = "1"};
        struct rb_ecosystem ecosystem;
        bool is_known = rb_ecosystem_of_package(&inventory, &package, arena, &ecosystem);
        assert_int_equal(is_known, CASES[i].key != NULL);
        if (is_known)
            assert_string_equal(rb_ecosystem_key(&ecosystem, arena), CASES[i].key);
    }
}

static void every_type_of_package_has_an_order(void **state)
{
    (void)state;
    assert_string_equal(rb_ecosystem_kind_find("crates.io")->order, "semver");
    assert_string_equal(rb_ecosystem_kind_find("Rocky Linux")->order, "rpm");
    assert_int_equal(rb_ecosystem_kind_find("Debian")->names, RB_NAMES_SOURCE);
    assert_int_equal(rb_ecosystem_kind_find("Red Hat")->names, RB_NAMES_EITHER);
    assert_null(rb_ecosystem_kind_find("debian"));
    assert_string_equal(rb_ecosystem_debian_release("bookworm"), "12");
    assert_string_equal(rb_ecosystem_debian_release("experimental"), "experimental");
    assert_string_equal(rb_advisory_status_name(RB_STATUS_NOT_AFFECTED), "not-affected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_taken_apart),
        cmocka_unit_test(a_package_has_the_ecosystem_of_its_distribution_or_language),
        cmocka_unit_test(every_type_of_package_has_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
