/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/net/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"

#define HEX(c) c c c c c c c c c c c c c c c c
#define A      "sha256:" HEX("aaaa")
#define B      "sha256:" HEX("bbbb")
#define C      "sha256:" HEX("cccc")

#define ENTRY(digest, platform) "{\"digest\":\"" digest "\",\"size\":7,\"platform\":{" platform "}}"
#define LINUX(architecture)     "\"os\":\"linux\",\"architecture\":\"" architecture "\""
#define OCI_INDEX               "application/vnd.oci.image.index.v1+json"
#define OCI_MANIFEST            "application/vnd.oci.image.manifest.v1+json"

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    struct rb_err err;
    if (rb_json_parse(text, strlen(text), "test", &json, &err) != 0)
        fail_msg("%s", err.text);
    return json;
}

static void test_what_a_document_is(void **state)
{
    static const struct {
        const char *text, *content_type;
        int status;
        bool is_index;
    } CASES[] = {
        {"{\"mediaType\":\"" OCI_INDEX "\",\"manifests\":[]}", NULL, 0, true},
        {"{\"mediaType\":\"" OCI_MANIFEST "\",\"config\":{},\"layers\":[]}", NULL, 0, false},
        {"{\"manifests\":[]}", OCI_INDEX "; charset=utf-8", 0, true},
        {"{\"manifests\":[]}", NULL, 0, true},
        {"{\"config\":{},\"layers\":[]}", "text/plain", 0, false},
        {"{\"schemaVersion\":1,\"fsLayers\":[]}", NULL, RB_EINVALID, false},
        {"{}", OCI_INDEX, RB_EINVALID, false},
        {"[]", OCI_INDEX, RB_EINVALID, false},
        {"{\"layers\":[]}", NULL, RB_EINVALID, false},
        {"{\"manifests\":[],\"config\":{},\"layers\":[]}", NULL, RB_EINVALID, false},
        {"{\"manifests\":[]}", OCI_MANIFEST, RB_EINVALID, false},
        {"{\"mediaType\":\"" OCI_INDEX "\",\"config\":{},\"layers\":[]}", NULL, RB_EINVALID, false},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_JSON json_t *json = parse(CASES[i].text);
        bool is_index = false;
        int status = rb_manifest_is_index(json, CASES[i].content_type, "it", &is_index, NULL);
        if (status != CASES[i].status || is_index != CASES[i].is_index)
            fail_msg("%s: %d", CASES[i].text, status);
    }
}

static void test_choosing(void **state)
{
    static const char ATTESTED[] =
        "{\"manifests\":[{\"digest\":\"" A "\",\"size\":7,\"platform\":{" LINUX(
            "amd64") "},"
                     "\"annotations\":{\"vnd.docker.reference.type\":\"attestation-manifest\"}},"
                     "{\"digest\":\"" C "\",\"size\":7,\"platform\":{\"os\":\"unknown\","
                     "\"architecture\":\"unknown\"}},"
                     "{\"digest\":\"" B "\",\"size\":7,\"platform\":{" LINUX("amd64") "}}]}";
    static const char AMD_LEVELS[] = "{\"manifests\":[" ENTRY(
        A, LINUX("amd64") ",\"variant\":\"v3\"") "," ENTRY(B, LINUX("amd64")) "]}";
    static const char ARMS[] =
        "{\"manifests\":[" ENTRY(A, LINUX("arm") ",\"variant\":\"v6\"") "," ENTRY(
            B,
            LINUX("arm") ",\"variant\":\"v7\"") "," ENTRY(C,
                                                          LINUX(
                                                              "arm64") ",\"variant\":\"v8\"") "]}";
    static const char ONLY_V6[] =
        "{\"manifests\":[" ENTRY(A, LINUX("arm") ",\"variant\":\"v6\"") "]}";
    static const struct {
        const char *index;
        struct rb_platform platform;
        const char *digest; /* NULL: there is none */
    } CASES[] = {
        {ATTESTED, {"linux", "amd64", NULL}, B},
        {ATTESTED, {"linux", "arm64", NULL}, NULL},
        {ATTESTED, {"windows", "amd64", NULL}, NULL},
        {AMD_LEVELS, {"linux", "amd64", NULL}, B},
        {AMD_LEVELS, {"linux", "amd64", "v1"}, B},
        {AMD_LEVELS, {"linux", "amd64", "v3"}, A},
        {AMD_LEVELS, {"linux", "amd64", "v2"}, NULL},
        {ARMS, {"linux", "arm", "v6"}, A},
        {ARMS, {"linux", "arm", NULL}, B},
        {ARMS, {"linux", "arm64", NULL}, C},
        {ARMS, {"linux", "arm64", "v8"}, C},
        {ONLY_V6, {"linux", "arm", NULL}, A},
        {ONLY_V6, {"linux", "arm", "v7"}, NULL},
        {"{\"manifests\":[]}", {"linux", "amd64", NULL}, NULL},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_JSON json_t *index = parse(CASES[i].index);
        struct rb_descriptor found;
        int status = rb_index_choose(index, &CASES[i].platform, "it", &found, NULL);
        if (status != (CASES[i].digest != NULL ? 0 : RB_ENOTFOUND))
            fail_msg("case %zu: %d", i, status);
        if (status == 0) {
            assert_string_equal(found.digest, CASES[i].digest);
            assert_int_equal(found.size_bytes, 7);
        }
    }
}

static void test_what_is_missing_is_told(void **state)
{
    RB_CLEANUP_JSON json_t *index =
        parse("{\"manifests\":[" ENTRY(A, LINUX("arm64")) "," ENTRY(B, LINUX("s390x")) "]}");
    const struct rb_platform platform = {"linux", "amd64", "v2"};
    struct rb_descriptor found;
    struct rb_err err = {0};
    (void)state;
    assert_int_equal(rb_index_choose(index, &platform, "it", &found, &err), RB_ENOTFOUND);
    assert_string_equal(err.text,
                        "it has nothing for linux/amd64/v2: it has linux/arm64, linux/s390x");
}

static void test_descriptors(void **state)
{
    static const struct {
        const char *text;
        int status;
    } CASES[] = {
        {"{\"digest\":\"" A "\",\"size\":0}", 0},
        {"{\"digest\":\"" A "\"}", RB_EINVALID},
        {"{\"digest\":\"" A "\",\"size\":-1}", RB_EINVALID},
        {"{\"digest\":\"" A "\",\"size\":\"1\"}", RB_EINVALID},
        {"{\"digest\":\"sha256:../../etc/passwd\",\"size\":1}", RB_EINVALID},
        {"{\"digest\":7,\"size\":1}", RB_EINVALID},
        {"{}", RB_EINVALID},
        {"[]", RB_EINVALID},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_JSON json_t *json = parse(CASES[i].text);
        struct rb_descriptor descriptor;
        if (rb_descriptor_read(json, "it", &descriptor, NULL) != CASES[i].status)
            fail_msg("%s", CASES[i].text);
    }
}

static void test_this_machine(void **state)
{
    struct rb_platform here = rb_platform_here();
    (void)state;
    assert_string_equal(here.os, "linux");
    assert_string_not_equal(here.architecture, "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_document_is),
        cmocka_unit_test(test_choosing),
        cmocka_unit_test(test_what_is_missing_is_told),
        cmocka_unit_test(test_descriptors),
        cmocka_unit_test(test_this_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
