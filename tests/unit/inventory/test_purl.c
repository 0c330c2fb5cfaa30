/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/inventory/purl.h"

/* "type|namespace|name|version|key=value,…", or "none". */
static void expect(const char *text, const char *wanted)
{
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf found = RB_STRBUF_INIT(4096);
    struct rb_purl purl;
    if (rb_purl_read(text, arena, &purl)) {
        rb_strbuf_printf(&found, "%s|%s|%s|%s|", purl.type, purl.namespace, purl.name,
                         purl.version);
        for (size_t i = 0; i < purl.qualifier_count; i++)
            rb_strbuf_printf(&found, "%s%s=%s", i == 0 ? "" : ",", purl.qualifiers[i].key,
                             purl.qualifiers[i].value);
    } else {
        rb_strbuf_puts(&found, "none");
    }
    assert_string_equal(rb_strbuf_text(&found), wanted);
}

static void urls_are_taken_apart(void **state)
{
    (void)state;
    expect("pkg:deb/debian/zlib1g@1%3A1.2.13.dfsg-1?arch=amd64&distro=debian-12",
           "deb|debian|zlib1g|1:1.2.13.dfsg-1|arch=amd64,distro=debian-12");
    expect("pkg:npm/%40angular/animation@12.3.1", "npm|@angular|animation|12.3.1|");
    expect("pkg:npm/@angular/animation@12.3.1", "npm|@angular|animation|12.3.1|");
    expect("pkg:golang/github.com/opencontainers/runc@v1.1.4#libcontainer",
           "golang|github.com/opencontainers|runc|v1.1.4|");
    expect("PKG:Maven/org.slf4j/slf4j-api", "maven|org.slf4j|slf4j-api||");
    expect("pkg://gem/rake@13.0.6", "gem||rake|13.0.6|");
    expect("pkg:oci/app@sha256%3Aaa?repository_url=registry.example.com/shop/app&Tag=1",
           "oci||app|sha256:aa|repository_url=registry.example.com/shop/app,tag=1");
}

static void what_is_no_url_is_none(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {
        "",           "openssl",      "pkg:",        "pkg:deb",     "pkg:deb/",
        "pkg:/x",     "pkg:deb/a@%0", "pkg:deb/%zz", "pkg:deb/%00", "pkg:deb/a?arch",
        "pkg:deb/a/", "pkg:deb/@1"};
    for (size_t i = 0; i < RB_COUNT_OF(TEXTS); i++)
        expect(TEXTS[i], "none");
}

static const struct rb_package PACKAGES[] = {
    {RB_PACKAGE_DEB, "zlib1g", "amd64", "1:1.2.13-1", "zlib", "1:1.2.13-1", "", "", false},
    {RB_PACKAGE_RPM, "perl-libs", "x86_64", "4:5.26.3-420.el8", "perl", "5.26.3", "", "", false},
    {RB_PACKAGE_RPM, "bash", "x86_64", "4.4-2.el8", "bash", "4.4-2.el8", "", "", false},
    {RB_PACKAGE_NPM, "@types/node", "", "20.1.0", "", "", "p", "", false},
    {RB_PACKAGE_MAVEN, "org.slf4j:slf4j-api", "", "2.0.0", "", "", "p", "", false},
    {RB_PACKAGE_GOLANG, "github.com/a/b", "", "v1.0.0", "", "", "p", "", false},
    {RB_PACKAGE_PYPI, "zope-interface", "", "5.5.2", "", "", "p", "", false},
};

static void what_is_written_is_read_as_the_same_package(void **state)
{
    (void)state;
    const struct rb_inventory inventory = {
        .distribution = "lab", .distribution_version = "8", .codename = ""};
    for (size_t i = 0; i < RB_COUNT_OF(PACKAGES); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        RB_CLEANUP_FREE char *text = rb_package_purl(&inventory, &PACKAGES[i]);
        struct rb_purl purl;
        struct rb_package package;
        assert_true(rb_purl_read(text, arena, &purl));
        assert_true(rb_purl_to_package(&purl, arena, &package));
        assert_int_equal(package.type, PACKAGES[i].type);
        assert_string_equal(package.name, PACKAGES[i].name);
        assert_string_equal(package.version, PACKAGES[i].version);
        assert_string_equal(package.architecture, PACKAGES[i].architecture);
        for (size_t j = 0; j < RB_COUNT_OF(PACKAGES); j++)
            assert_int_equal(rb_purl_means(&purl, &inventory, &PACKAGES[j]), i == j);
    }
}

static void a_url_means_what_it_says_and_no_more(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool means;
    } CASES[] = {
        {"pkg:deb/lab/zlib1g", true},
        {"pkg:deb/lab/zlib1g@1%3A1.2.13-1", true},
        {"pkg:deb/lab/zlib1g@1%3A1.2.13-2", false},
        {"pkg:deb/debian/zlib1g", false},
        {"pkg:deb/lab/zlib1g?arch=amd64", true},
        {"pkg:deb/lab/zlib1g?arch=i386", false},
        {"pkg:deb/lab/zlib1g?distro=lab-8&vcs_url=x", true},
        {"pkg:rpm/lab/zlib1g", false},
    };
    const struct rb_inventory inventory = {
        .distribution = "lab", .distribution_version = "8", .codename = ""};
    RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_purl purl;
        assert_true(rb_purl_read(CASES[i].text, arena, &purl));
        assert_int_equal(rb_purl_means(&purl, &inventory, &PACKAGES[0]), CASES[i].means);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_taken_apart),
        cmocka_unit_test(what_is_no_url_is_none),
        cmocka_unit_test(what_is_written_is_read_as_the_same_package),
        cmocka_unit_test(a_url_means_what_it_says_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
