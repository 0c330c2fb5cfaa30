/* SPDX-License-Identifier: Apache-2.0 */
/* Registries of languages' packages: what their documents say, and checks of one on loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/fetch.h"
#include "source_look.h"
#include "watch/language_document.h"

#define PYPI_META "{\"meta\":{\"api-version\":\"1.1\"},\"name\":\"x\",\"files\":["
#define LATEST    "\"dist-tags\":{\"latest\":\"2.0.0\"}"

static void a_document_tells_the_versions(void **state)
{
    static const struct {
        enum rb_source_kind kind;
        const char *document;
        const char *versions; /* or the error */
        int64_t newest_at;
    } CASES[] = {
        {RB_SOURCE_PYPI,
         PYPI_META "{\"filename\":\"x-1.10.tar.gz\",\"upload-time\":\"1970-01-01T00:00:02.5Z\"},"
                   "{\"filename\":\"x-1.9-1-py3-none-any.whl\",\"yanked\":false},"
                   "{\"filename\":\"x-1.9.tar.gz\",\"upload-time\":\"1970-01-01T00:00:01Z\"}]}",
         "[\"1.9\",\"1.10\"]", 2000},
        {RB_SOURCE_PYPI,
         PYPI_META "{\"filename\":\"zope-interface-6.0.zip\"},{\"filename\":\"x-7.egg\"},"
                   "{\"filename\":\"x.tar.gz\"},{\"filename\":\"x-.whl\"},{\"filename\":7},"
                   "{\"filename\":\"x-what.tar.gz\"}]}",
         "[\"6.0\"]", 0},
        {RB_SOURCE_PYPI,
         PYPI_META "{\"filename\":\"x-2.0.tar.gz\",\"yanked\":\"broken\"},"
                   "{\"filename\":\"x-2.0-py3-none-any.whl\",\"yanked\":true},"
                   "{\"filename\":\"x-1.0.tar.gz\",\"yanked\":\"\"},"
                   "{\"filename\":\"x-1.0-py3-none-any.whl\"}]}",
         "[\"1.0\"]", 0},
        {RB_SOURCE_PYPI, PYPI_META "]}", "[]", 0},
        {RB_SOURCE_PYPI, "{\"meta\":{\"api-version\":\"2.0\"},\"files\":[]}", "version is 2.0", 0},
        {RB_SOURCE_PYPI, "{\"files\":[]}", "version is none", 0},
        {RB_SOURCE_PYPI, "{\"meta\":{\"api-version\":\"1.0\"}}", "\"files\" is not an array", 0},
        {RB_SOURCE_PYPI, "<html>", "the document", 0},
        {RB_SOURCE_NPM,
         "{" LATEST ",\"modified\":\"1970-01-01T00:00:03.000Z\",\"versions\":{\"2.0.0\":{},"
         "\"1.10.0\":{},\"1.9.0\":{\"deprecated\":\"\"},\"1.8.0\":{\"deprecated\":\"old\"},"
         "\"3.0.0\":{},\"2.0.0-rc.1\":{},\"what\":{}}}",
         "[\"1.9.0\",\"1.10.0\",\"2.0.0-rc.1\",\"2.0.0\"]", 3000},
        {RB_SOURCE_NPM, "{\"versions\":{\"1.0.0\":{}}}", "no tag \"latest\"", 0},
        {RB_SOURCE_NPM, "{" LATEST "}", "no object \"versions\"", 0},
        {RB_SOURCE_NPM, "[]", "no object \"versions\"", 0},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        json_t *versions = NULL;
        int64_t newest_at = 0;
        struct rb_err err;
        bool wants_error = CASES[i].versions[0] != '[';
        int status = rb_language_read(CASES[i].kind, CASES[i].document, strlen(CASES[i].document),
                                      "the document", &versions, &newest_at, &err);
        if ((status != 0) != wants_error)
            fail_msg("case %zu: %s", i, status != 0 ? err.text : "is taken");
        if (wants_error) {
            assert_non_null(strstr(err.text, CASES[i].versions));
            continue;
        }
        RB_CLEANUP_FREE char *text = rb_json_canonical(versions);
        assert_string_equal(text, CASES[i].versions);
        assert_int_equal(newest_at, CASES[i].newest_at);
        json_decref(versions);
    }
}

static void a_package_has_its_address(void **state)
{
    static const struct {
        enum rb_source_kind kind;
        const char *package, *url;
    } CASES[] = {{RB_SOURCE_PYPI, "Zope.Interface", "http://h/s/zope-interface/"},
                 {RB_SOURCE_NPM, "@types/node", "http://h/s/@types%2fnode"},
                 {RB_SOURCE_NPM, "JSONStream", "http://h/s/JSONStream"}};
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP_FREE char *url = rb_language_url(CASES[i].kind, "http://h/s", CASES[i].package);
        assert_string_equal(url, CASES[i].url);
    }
}

static const char *packages[] = {"Flask", "requests", NULL};

static int set_up(void **state)
{
    int status = source_look_set_up(state);
    struct source_look *look = *state;
    look->source.kind = RB_SOURCE_PYPI;
    look->source.language = (struct rb_language_source){.url = look->url, .packages = packages};
    return status;
}

static void publish(const struct source_look *look, const char *package, const char *version)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/index.json", package);
    RB_CLEANUP_FREE char *text = rb_asprintf(
        PYPI_META "{\"filename\":\"%s-1.0.tar.gz\"},{\"filename\":\"%s-%s-py3-none-any.whl\","
                  "\"upload-time\":\"2026-07-11T00:00:00Z\"}]}",
        package, package, version);
    look_write(look, path, text);
}

static void what_is_offered_is_told_and_asked_for_again_when_it_changed(void **state)
{
    struct source_look *look = *state;
    publish(look, "flask", "2.0");
    publish(look, "requests", "2.31.0");
    look_good(look);
    assert_false(look->unchanged);
    assert_int_equal(look->requests, 2);
    assert_int_equal(rb_json_get_integer(look->detail, "offers", 0), 4);
    RB_CLEANUP_FREE char *flask = look_offers(look, "flask");
    assert_string_equal(flask, " 2.0 flask 2.0\n 1.0 flask 1.0\n");
    /* the version can be made by hand */
    test_shell(
        "/",
        "test %s = $(printf '{\"flask\":[\"1.0\",\"2.0\"],\"requests\":[\"1.0\",\"2.31.0\"]}' "
        "| sha256sum | cut -d' ' -f1)",
        look->version);
    for (int i = 0; i < 2; i++) {
        look_good(look);
        assert_true(look->unchanged);
        assert_string_equal(look->archive.requests[0], "/flask/ 304");
        assert_string_equal(look->archive.requests[1], "/requests/ 304");
    }
    publish(look, "requests", "2.32.0");
    look_good(look);
    assert_false(look->unchanged);
    assert_string_equal(look->archive.requests[0], "/flask/ 304");
    RB_CLEANUP_FREE char *requests = look_offers(look, "requests");
    assert_string_equal(requests, " 2.32.0 requests 2.32.0\n 1.0 requests 1.0\n");
    RB_CLEANUP_FREE char *kept = look_kept(look, "language", "*.index *.offers.json");
    RB_CLEANUP_FREE char *index = rb_asprintf("%s.index", look->version);
    assert_non_null(strstr(kept, index));
    assert_null(strstr(strstr(kept, ".index") + 1, ".index"));
}

static void what_is_lost_is_made_again(void **state)
{
    struct source_look *look = *state;
    publish(look, "flask", "2.0");
    publish(look, "requests", "2.31.0");
    look_good(look);
    test_shell("/", "rm '%s'", rb_json_get_string(look->detail, "index", ""));
    look_good(look);
    assert_true(look->unchanged);
    assert_true(rb_file_exists(rb_json_get_string(look->detail, "index", "")));
}

static void a_registry_that_moved_is_followed_and_told(void **state)
{
    struct source_look *look = *state;
    publish(look, "flask", "2.0");
    publish(look, "requests", "2.31.0");
    look->source.language.url = look->old_url;
    look_moves(look);
}

static void what_is_wrong_is_told(void **state)
{
    struct source_look *look = *state;
    publish(look, "flask", "2.0");
    look_bad(look, RB_TROUBLE_VANISHED, "/requests/");
    look_write(look, "requests/index.json", "{}");
    look_bad(look, RB_TROUBLE_MALFORMED, "/requests/");
    publish(look, "requests", "2.31.0");
    look->archive.fault = (struct test_fault){.suffix = "requests/index.json", .status = 503};
    look_bad(look, RB_TROUBLE_UNREACHABLE, "/requests/");
    look->archive.fault = (struct test_fault){.suffix = "requests/index.json", .cut_at = 10};
    look_bad(look, RB_TROUBLE_UNREACHABLE, "");
    look->archive.fault = (struct test_fault){0};
    look_good(look);
}

static void a_cancelled_check_says_nothing(void **state)
{
    struct source_look *look = *state;
    publish(look, "flask", "2.0");
    publish(look, "requests", "2.31.0");
    int turns = 0;
    while (look_cancelled(look, turns))
        turns++;
    assert_true(turns > 2);
}

static int fetch(struct source_look *look, const char *version, const char *folder,
                 struct rb_err *err)
{
    const struct rb_fetch_request request = {
        .source = &look->source, .version = version, .folder = folder};
    struct rb_fetch_result result;
    return rb_source_fetch(&look->tools, &request, &result, err);
}

static void a_version_can_be_had_while_it_is_kept(void **state)
{
    struct source_look *look = *state;
    struct rb_err err;
    publish(look, "flask", "2.0");
    publish(look, "requests", "2.31.0");
    look_good(look);
    RB_CLEANUP_FREE char *first = rb_strdup(look->version);
    publish(look, "flask", "3.0");
    look_good(look);
    RB_CLEANUP_FREE char *folder = rb_asprintf("%s/taken", look->cache);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/offers.json", folder);
    RB_CLEANUP_FREE char *text = NULL;
    if (fetch(look, first, folder, &err) != 0)
        fail_msg("%s", err.text);
    assert_int_equal(rb_file_read(path, 1 << 20, &text, NULL, NULL), 0);
    assert_string_equal(text, "{\"flask\":[\"1.0\",\"2.0\"],\"requests\":[\"1.0\",\"2.31.0\"]}");
    RB_CLEANUP_FREE char *other = rb_asprintf("%s/other", look->cache);
    static const char NONE[] = "00000000000000000000000000000000"
                               "00000000000000000000000000000000";
    assert_int_equal(fetch(look, NONE, other, &err), RB_ENOTFOUND);
    assert_non_null(strstr(err.text, "no copy of the version"));
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, set_up, source_look_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document_tells_the_versions),
        cmocka_unit_test(a_package_has_its_address),
        CHECK(what_is_offered_is_told_and_asked_for_again_when_it_changed),
        CHECK(what_is_lost_is_made_again),
        CHECK(a_registry_that_moved_is_followed_and_told),
        CHECK(what_is_wrong_is_told),
        CHECK(a_cancelled_check_says_nothing),
        CHECK(a_version_can_be_had_while_it_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
