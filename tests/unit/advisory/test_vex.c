/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/advisory/vex.h"
#include "rebake/base/memory.h"

#define DIGEST "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct rb_inventory INVENTORY = {
    .distribution = "debian", .distribution_version = "12", .codename = "bookworm"};
static const struct rb_package PACKAGE = {RB_PACKAGE_DEB, "libssl3", "amd64", "3.0.9-1", "openssl",
                                          "3.0.9-1",      "",        "",      false};
static const char *const NAMES[] = {"CVE-2026-1", "DSA-1"};
static const struct rb_finding FINDING = {
    .id = "CVE-2026-1", .names = NAMES, .name_count = 2, .verdict = RB_VERDICT_AFFECTED};

static struct rb_vex *read_good(const char *text)
{
    struct rb_err err;
    struct rb_vex *vex = NULL;
    if (rb_vex_read(text, strlen(text), "vex.json", &vex, &err) != 0)
        fail_msg("%s", err.text);
    return vex;
}

static bool is_about(const struct rb_vex *vex, size_t statement)
{
    const struct rb_vex_place place = {.image = "shop/app",
                                       .reference = "registry.example.com/shop/app",
                                       .digest = DIGEST,
                                       .inventory = &INVENTORY,
                                       .package = &PACKAGE};
    return rb_vex_is_about(&vex->statements[statement], &FINDING, &place);
}

#define OPENVEX(statements)                                                                        \
    "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"@id\":\"https://example.com/vex-1\","       \
    "\"author\":\"Shop\",\"timestamp\":\"2026-01-02T03:04:05Z\",\"version\":1,"                    \
    "\"statements\":[" statements "]}"
#define SAID "\"status\":\"not_affected\",\"justification\":\"vulnerable_code_not_present\""

static void openvex_is_read(void **state)
{
    (void)state;
    struct rb_vex *vex = read_good(OPENVEX(
        "{\"vulnerability\":{\"name\":\"GHSA-x\",\"aliases\":[\"CVE-2026-1\"]}," SAID ","
        "\"products\":[{\"@id\":\"pkg:oci/app\",\"subcomponents\":[{\"@id\":\"pkg:deb/debian/"
        "libssl3\"}]}]},"
        "{\"vulnerability\":{\"name\":\"CVE-2026-2\"},\"status\":\"affected\","
        "\"action_statement\":\"update\",\"timestamp\":\"2026-01-03T00:00:00Z\","
        "\"products\":[{\"@id\":\"x\"}]}"));
    assert_string_equal(vex->document, "https://example.com/vex-1");
    assert_string_equal(vex->author, "Shop");
    assert_int_equal(vex->count, 2);
    assert_int_equal(vex->statements[0].status, RB_VEX_NOT_AFFECTED);
    assert_string_equal(vex->statements[0].justification, "vulnerable_code_not_present");
    assert_string_equal(vex->statements[0].vulnerabilities[1], "CVE-2026-1");
    assert_true(vex->statements[0].at < vex->statements[1].at);
    assert_string_equal(vex->statements[1].action, "update");
    assert_true(is_about(vex, 0));
    assert_false(is_about(vex, 1));
    rb_vex_free(vex);
}

static void older_openvex_is_read(void **state)
{
    (void)state;
    struct rb_vex *vex = read_good("{\"@context\":\"https://openvex.dev/"
                                   "ns\",\"statements\":[{\"vulnerability\":\"CVE-2026-1\","
                                   "\"products\":[\"pkg:oci/app@" DIGEST
                                   "\"],\"subcomponents\":[\"pkg:deb/debian/libssl3\"],"
                                   "\"status\":\"fixed\"}]}");
    assert_int_equal(vex->statements[0].status, RB_VEX_FIXED);
    assert_true(is_about(vex, 0));
    rb_vex_free(vex);
}

static void products_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *product;
        bool is_it;
    } CASES[] = {
        {"{\"@id\":\"pkg:oci/app\"}", true},
        {"{\"@id\":\"pkg:oci/other\"}", false},
        {"{\"@id\":\"pkg:oci/"
         "app@sha256%3Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaa\"}",
         true},
        {"{\"@id\":\"pkg:oci/app@sha256%3Abb\"}", false},
        {"{\"@id\":\"pkg:oci/app?repository_url=registry.example.com/shop/app\"}", true},
        {"{\"@id\":\"pkg:oci/app?repository_url=registry.example.com/blog/app\"}", false},
        {"{\"@id\":\"registry.example.com/shop/app\"}", true},
        {"{\"@id\":\"registry.example.com/shop/app@" DIGEST "\"}", true},
        {"{\"@id\":\"registry.example.com/shop\"}", false},
        {"{\"@id\":\"shop/app\"}", true},
        {"{\"@id\":\"" DIGEST "\"}", true},
        {"{\"@id\":\"x\",\"hashes\":{\"sha-256\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}}",
         true},
        {"{\"@id\":\"x\",\"identifiers\":{\"purl\":\"pkg:deb/debian/libssl3@3.0.9-1\"}}", true},
        {"{\"@id\":\"pkg:deb/debian/libssl3@3.0.9-2\"}", false},
        {"{\"@id\":\"pkg:deb/debian/libssl3?arch=arm64\"}", false},
        {"{\"@id\":\"shop/app\",\"subcomponents\":[{\"@id\":\"pkg:deb/debian/bash\"}]}", false},
        {"{\"@id\":\"shop/app\",\"subcomponents\":[{\"@id\":\"pkg:deb/debian/bash\"},"
         "{\"@id\":\"pkg:deb/debian/libssl3\"}]}",
         true},
        {"{}", false},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *text = rb_asprintf(
            OPENVEX("{\"vulnerability\":{\"name\":\"CVE-2026-1\"}," SAID ",\"products\":[%s]}"),
            CASES[i].product);
        struct rb_vex *vex = read_good(text);
        if (is_about(vex, 0) != CASES[i].is_it)
            fail_msg("%s", CASES[i].product);
        rb_vex_free(vex);
    }
}

static void a_package_that_nobody_holds_is_spoken_of_too(void **state)
{
    (void)state;
    const struct rb_vex_place place = {.inventory = &INVENTORY, .package = &PACKAGE};
    struct rb_vex *vex = read_good(OPENVEX("{\"vulnerability\":{\"name\":\"DSA-1\"}," SAID
                                           ",\"products\":[{\"@id\":\"pkg:deb/debian/libssl3\"}]},"
                                           "{\"vulnerability\":{\"name\":\"DSA-1\"}," SAID
                                           ",\"products\":[{\"@id\":\"shop/app\"}]}"));
    assert_true(rb_vex_is_about(&vex->statements[0], &FINDING, &place));
    assert_false(rb_vex_is_about(&vex->statements[1], &FINDING, &place));
    rb_vex_free(vex);
}

#define CYCLONEDX(analysis, reference)                                                             \
    "{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"serialNumber\":\"urn:uuid:1\","        \
    "\"metadata\":{\"component\":{\"bom-ref\":\"me\",\"name\":\"registry.example.com/shop/"        \
    "app\"}},"                                                                                     \
    "\"components\":[{\"bom-ref\":\"1\",\"purl\":\"pkg:deb/debian/libssl3@3.0.9-1\"},"             \
    "{\"bom-ref\":\"2\",\"purl\":\"pkg:deb/debian/bash@5\"}],"                                     \
    "\"vulnerabilities\":[{\"id\":\"CVE-2026-1\",\"affects\":[{\"ref\":\"" reference "\"}]"        \
    ",\"analysis\":" analysis "}]}"

static void cyclonedx_is_read(void **state)
{
    (void)state;
    struct rb_vex *vex =
        read_good(CYCLONEDX("{\"state\":\"not_affected\",\"justification\":\"code_not_reachable\","
                            "\"lastUpdated\":\"2026-01-02T03:04:05Z\"}",
                            "1"));
    assert_int_equal(vex->statements[0].status, RB_VEX_NOT_AFFECTED);
    assert_string_equal(vex->statements[0].justification, "vulnerable_code_not_in_execute_path");
    assert_true(vex->statements[0].at > 0);
    assert_true(is_about(vex, 0));
    rb_vex_free(vex);
    vex = read_good(CYCLONEDX("{\"state\":\"in_triage\"}", "2"));
    assert_int_equal(vex->statements[0].status, RB_VEX_UNDER_INVESTIGATION);
    assert_false(is_about(vex, 0));
    rb_vex_free(vex);
    vex = read_good(CYCLONEDX("{\"state\":\"false_positive\"}", "me"));
    assert_int_equal(vex->statements[0].status, RB_VEX_NOT_AFFECTED);
    assert_true(is_about(vex, 0));
    rb_vex_free(vex);
    vex = read_good(
        CYCLONEDX("{\"state\":\"resolved\"}", "urn:cdx:1/1#pkg:deb/debian/libssl3@3.0.9-1"));
    assert_int_equal(vex->statements[0].status, RB_VEX_FIXED);
    assert_true(is_about(vex, 0));
    rb_vex_free(vex);
}

static void what_is_no_vex_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } CASES[] = {
        {"", "vex.json"},
        {"{}", "is neither OpenVEX"},
        {"[]", "is neither OpenVEX"},
        {"{\"@context\":\"https://openvex.dev/ns/v0.2.0\"}", "\"statements\" is no list"},
        {OPENVEX("{\"status\":\"fixed\"}"), "statement 1 names no vulnerability"},
        {OPENVEX("{\"vulnerability\":{\"name\":\"a\"},\"status\":\"maybe\"}"),
         "has none of the statuses"},
        {OPENVEX("{\"vulnerability\":{\"name\":\"a\"},\"status\":\"fixed\"},"
                 "{\"vulnerability\":{\"name\":\"a\"},\"status\":\"not_affected\"}"),
         "statement 2 says not_affected without a justification"},
        {OPENVEX("{\"vulnerability\":{\"name\":\"a\"},\"status\":\"fixed\",\"timestamp\":\"x\"}"),
         "has a time that is none"},
        {CYCLONEDX("{\"state\":\"fine\"}", "1"), "has a state that CycloneDX has not"},
        {CYCLONEDX("{\"state\":\"not_affected\"}", "1"), "without a justification"},
        {"{\"bomFormat\":\"CycloneDX\",\"vulnerabilities\":{}}", "is no list"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        struct rb_vex *vex = NULL;
        struct rb_err err;
        assert_int_equal(rb_vex_read(CASES[i].text, strlen(CASES[i].text), "vex.json", &vex, &err),
                         RB_EINVALID);
        if (strstr(err.text, CASES[i].words) == NULL)
            fail_msg("%s", err.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(openvex_is_read),
        cmocka_unit_test(older_openvex_is_read),
        cmocka_unit_test(products_are_told_apart),
        cmocka_unit_test(a_package_that_nobody_holds_is_spoken_of_too),
        cmocka_unit_test(cyclonedx_is_read),
        cmocka_unit_test(what_is_no_vex_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
