/* SPDX-License-Identifier: Apache-2.0 */
/* An apt source's check: what it tells, and what it remembers from one to the next. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "apt_fixture.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/watch.h"

struct look {
    bool answered;
    struct rb_err err;
    enum rb_trouble trouble;
    bool unchanged;
    char *version;
    json_t *detail;
    json_t *memo;
    int64_t upstream_at;
};

static void on_checked(void *context, const struct rb_check_outcome *outcome)
{
    struct look *look = context;
    const struct rb_check_result *result = outcome->result;
    assert_false(look->answered);
    look->answered = true;
    look->err = outcome->error != NULL ? *outcome->error : (struct rb_err){0};
    look->trouble = outcome->trouble;
    assert_true((result == NULL) != (outcome->error == NULL));
    if (result == NULL)
        return;
    look->unchanged = result->unchanged;
    look->upstream_at = result->upstream_at;
    char *version = rb_strdup(result->version); /* which may be the one that the check was told */
    rb_free(look->version);
    look->version = version;
    json_decref(look->memo);
    look->memo = json_incref(result->memo);
    if (result->detail == NULL)
        return;
    json_decref(look->detail);
    look->detail = json_incref(result->detail);
}

static void look_deinit(struct look *look)
{
    rb_free(look->version);
    json_decref(look->detail);
    json_decref(look->memo);
}

static struct rb_watch_tools tools_of(const struct apt_fixture *fixture)
{
    return (struct rb_watch_tools){.loop = fixture->loop,
                                   .http = fixture->http,
                                   .clock = &fixture->clock,
                                   .cache_folder = fixture->folder};
}

static struct rb_source source_of(const struct apt_fixture *fixture)
{
    return (struct rb_source){.kind = RB_SOURCE_APT,
                              .apt.url = fixture->url,
                              .apt.suite = fixture->request.suite,
                              .apt.components = fixture->request.components,
                              .apt.architectures = fixture->request.architectures,
                              .apt.signed_by = fixture->keyring};
}

static void check(struct apt_fixture *fixture, struct look *look)
{
    static const char *const NO_PATHS[] = {NULL};
    struct rb_watch_tools tools = tools_of(fixture);
    struct rb_source source = source_of(fixture);
    struct rb_check_request request = {
        .source = &source, .memo = look->memo, .known_version = look->version, .paths = NO_PATHS};
    look->answered = false;
    test_archive_forget_requests(&fixture->archive);
    (void)rb_check_start(&tools, &request, on_checked, look);
    assert_false(look->answered);
    rb_loop_run(fixture->loop);
    test_server_sync(fixture->archive.server);
    assert_true(look->answered);
}

static void check_good(struct apt_fixture *fixture, struct look *look)
{
    check(fixture, look);
    if (look->err.code != RB_OK)
        fprintf(stderr, "%s\n", look->err.text);
    assert_int_equal(look->err.code, RB_OK);
}

static void a_state_is_told_in_full(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check_good(fixture, &look);
    assert_false(look.unchanged);
    RB_CLEANUP_FREE char *text = rb_json_canonical(look.detail);
    RB_CLEANUP_FREE char *expected =
        rb_asprintf("{\"butAutomaticUpgrades\":false,\"codename\":\"bookworm\","
                    "\"date\":\"2026-07-11T09:42:10Z\",\"index\":\"%s\",\"label\":null,"
                    "\"notAutomatic\":false,\"offers\":1,\"origin\":\"Test\",\"release\":\"%s\","
                    "\"suite\":\"stable\",\"version\":null}",
                    rb_json_get_string(look.detail, "index", ""), look.version);
    assert_string_equal(text, expected);
    assert_true(rb_file_exists(rb_json_get_string(look.detail, "index", "")));
    int64_t at = 0;
    assert_int_equal(rb_time_parse("2026-07-11T09:42:10Z", &at, NULL), 0);
    assert_true(look.upstream_at == at);
}

static void the_memo_makes_the_next_check_cheap(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.valid_until = "Sun, 12 Jul 2026 00:00:00 UTC"});
    check_good(fixture, &look);
    for (int i = 0; i < 3; i++) {
        check_good(fixture, &look);
        assert_true(look.unchanged);
        assert_int_equal(fixture->archive.request_count, 1);
        assert_string_equal(fixture->archive.requests[0], "/dists/stable/InRelease 304");
    }
    fixture->now += 1;
    check(fixture, &look);
    assert_int_equal(look.err.code, RB_EVERIFY);
    assert_non_null(strstr(look.err.text, "has expired"));
}

static void a_lost_index_is_no_new_version(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check_good(fixture, &look);
    RB_CLEANUP_FREE char *index = rb_strdup(rb_json_get_string(look.detail, "index", NULL));
    test_shell("/", "rm '%s'", index);
    json_decref(look.detail);
    look.detail = NULL;
    check_good(fixture, &look);
    assert_true(look.unchanged);
    assert_non_null(look.detail);
    assert_true(rb_file_exists(index));
}

static void a_new_state_takes_the_place_of_the_old(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check_good(fixture, &look);
    RB_CLEANUP_FREE char *old = rb_strdup(rb_json_get_string(look.detail, "index", NULL));
    test_archive_publish(&fixture->archive,
                         &(struct test_state){.date = "Sat, 11 Jul 2026 10:00:00 UTC"});
    check_good(fixture, &look);
    assert_false(look.unchanged);
    assert_false(rb_file_exists(old));
    assert_true(rb_file_exists(rb_json_get_string(look.detail, "index", "")));
    /* time went on; it does not go back, not even when the version was forgotten */
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check(fixture, &look);
    assert_int_equal(look.err.code, RB_EVERIFY);
    rb_free(look.version);
    look.version = NULL;
    check(fixture, &look);
    assert_int_equal(look.err.code, RB_EVERIFY);
}

static void a_repository_that_moved_is_followed_and_told(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    RB_CLEANUP_FREE char *old = rb_asprintf("%s/old", fixture->url);
    rb_free(fixture->url);
    fixture->url = rb_steal(&old);
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    for (int i = 0; i < 2; i++) {
        fixture->archive.move_with = 302;
        check_good(fixture, &look);
        assert_int_equal(look.trouble, RB_TROUBLE_NONE);
        fixture->archive.move_with = 308;
        check_good(fixture, &look);
        assert_int_equal(look.trouble, RB_TROUBLE_MOVED);
    }
}

static void another_release_is_told_and_not_followed(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check_good(fixture, &look);
    check_good(fixture, &look); /* what was known of the release stays when nothing is new */
    assert_true(look.unchanged);
    test_archive_publish(
        &fixture->archive,
        &(struct test_state){.codename = "trixie", .date = "Sat, 11 Jul 2026 10:00:00 UTC"});
    check(fixture, &look);
    assert_int_equal(look.trouble, RB_TROUBLE_MOVED);
    /* nor when the version is forgotten */
    rb_free(look.version);
    look.version = NULL;
    check(fixture, &look);
    assert_int_equal(look.trouble, RB_TROUBLE_MOVED);
    test_shell(fixture->archive.folder, "rm -r dists");
    check(fixture, &look);
    assert_int_equal(look.trouble, RB_TROUBLE_VANISHED);
}

static void a_flat_repository_has_no_components_at_all(void **state)
{
    struct apt_fixture *fixture = *state;
    RB_CLEANUP(look_deinit) struct look look = {0};
    RB_CLEANUP_FREE char *url = rb_asprintf("%s/dists", fixture->url);
    test_archive_publish(&fixture->archive, &(struct test_state){.is_flat = true});
    rb_free(fixture->url);
    fixture->url = rb_steal(&url);
    fixture->request.suite = "stable/";
    fixture->request.components = NULL;
    check_good(fixture, &look);
    assert_int_equal(rb_json_get_integer(look.detail, "offers", 0), 1);
}

static void sources_do_not_share_an_index(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const BOTH[] = {"amd64", "all", NULL};
    RB_CLEANUP(look_deinit) struct look first = {0};
    RB_CLEANUP(look_deinit) struct look second = {0};
    test_archive_publish(&fixture->archive, &(struct test_state){0});
    check_good(fixture, &first);
    fixture->request.architectures = BOTH;
    check_good(fixture, &second);
    assert_string_equal(first.version, second.version);
    assert_string_not_equal(rb_json_get_string(first.detail, "index", ""),
                            rb_json_get_string(second.detail, "index", ""));
    assert_true(rb_file_exists(rb_json_get_string(first.detail, "index", "")));
}

static void a_check_can_be_cancelled(void **state)
{
    struct apt_fixture *fixture = *state;
    static const char *const NO_PATHS[] = {NULL};
    RB_CLEANUP(look_deinit) struct look look = {0};
    struct rb_watch_tools tools = tools_of(fixture);
    struct rb_source source = source_of(fixture);
    struct rb_check_request request = {.source = &source, .paths = NO_PATHS};
    rb_check_cancel(rb_check_start(&tools, &request, on_checked, &look));
    rb_loop_run(fixture->loop);
    assert_false(look.answered);
}

int main(void)
{
#define CHECK(name) cmocka_unit_test_setup_teardown(name, apt_fixture_set_up, apt_fixture_tear_down)
    const struct CMUnitTest tests[] = {
        CHECK(a_state_is_told_in_full),
        CHECK(the_memo_makes_the_next_check_cheap),
        CHECK(a_lost_index_is_no_new_version),
        CHECK(a_new_state_takes_the_place_of_the_old),
        CHECK(a_repository_that_moved_is_followed_and_told),
        CHECK(another_release_is_told_and_not_followed),
        CHECK(a_flat_repository_has_no_components_at_all),
        CHECK(sources_do_not_share_an_index),
        CHECK(a_check_can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, apt_fixture_make_keys, apt_fixture_remove_keys);
}
