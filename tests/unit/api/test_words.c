/* SPDX-License-Identifier: Apache-2.0 */
/* Pins and what else people have said, and how it is listed. */
#include <string.h>

#include "api_fixture.h"
#include "rebake/base/memory.h"

static int64_t see(struct api_fixture *fixture, const char *value)
{
    struct rb_err err;
    int64_t id = 0;
    const struct rb_check_record record = {
        .source_id = fixture->base->source_id, .checked_at = 1, .version = value};
    assert_ok(rb_store_record_check(fixture->base->store, &record, &id, &err), &err);
    return id;
}

static void a_source_is_pinned_for_whom_it_is_named(void **state)
{
    struct api_fixture *fixture = *state;
    static const char all[] = "{\"source\":\"code\",\"version\":\"present\",\"why\":\"w\"}";
    static const char pipeline[] =
        "{\"source\":\"shop/code\",\"version\":\"aaaa\",\"why\":\"w\",\"forMs\":60000}";
    static const char image[] = "{\"source\":\"app/code\",\"version\":\"aaaa1111\",\"why\":\"w\"}";
    struct reply reply = api_ask(fixture, "POST", "/v1/pin", all);
    assert_refused(&reply, 400, "no version of it was seen yet");
    (void)see(fixture, "aaaa1111");
    (void)see(fixture, "bbbb2222");
    reply = api_ask(fixture, "POST", "/v1/pin", all);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"version\":\"bbbb2222\""));
    assert_null(fixture->kept_pipeline);
    assert_int_equal(api_ask(fixture, "POST", "/v1/pin", pipeline).status, 200);
    assert_string_equal(fixture->kept_pipeline, "shop");
    assert_null(fixture->kept_image);
    reply = api_ask(fixture, "POST", "/v1/pin", image);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"subject\":\"shop/app/code\""));
    assert_string_equal(fixture->kept_image, "shop/app");
    assert_int_equal(fixture->changes, 3);

    json_t *words = api_get(fixture, "/v1/words");
    assert_int_equal(json_array_size(json_object_get(words, "pins")), 3);
    assert_string_equal(text_at(words, "pins.0.subject"), "shop/app/code");
    assert_string_equal(text_at(words, "pins.0.version"), "aaaa1111");
    assert_string_equal(text_at(words, "pins.0.newest"), "bbbb2222");
    assert_string_equal(text_at(words, "pins.0.source"), "shop/code");
    json_decref(words);
    json_t *why = api_get(fixture, "/v1/why/runtime"); /* the app's own is none of its */
    assert_int_equal(json_array_size(json_object_get(why, "pins")), 2);
    json_decref(why);
    assert_int_equal(api_ask(fixture, "POST", "/v1/unpin", "{\"source\":\"app/code\"}").status,
                     200);
    reply = api_ask(fixture, "POST", "/v1/unpin", "{\"source\":\"app/code\"}");
    assert_refused(&reply, 404, "shop/app/code is not pinned");
}

static void what_cannot_be_pinned_is_refused(void **state)
{
    struct api_fixture *fixture = *state;
    (void)see(fixture, "aaaa1111");
    const struct {
        const char *body;
        int status;
        const char *words;
    } cases[] = {
        {"{\"source\":\"cod\",\"version\":\"present\",\"why\":\"w\"}", 404,
         "no source is called cod"},
        {"{\"source\":\"shop/cod\",\"version\":\"present\",\"why\":\"w\"}", 404,
         "there is no image shop"},
        {"{\"source\":\"shop/app/cod\",\"version\":\"present\",\"why\":\"w\"}", 404,
         "no source is called shop/app/cod"},
        {"{\"source\":\"code\",\"version\":\"cccc\",\"why\":\"w\"}", 404, "no version cccc"},
        {"{\"source\":\"code\",\"version\":\"present\"}", 400, "\"why\" is missing"},
        {"{\"source\":\"code\",\"version\":\"present\",\"why\":\"w\",\"forMs\":-1}", 400, "forMs"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct reply reply = api_ask(fixture, "POST", "/v1/pin", cases[i].body);
        assert_refused(&reply, cases[i].status, cases[i].words);
    }
    fixture->cannot_keep = true;
    struct reply reply = api_ask(fixture, "POST", "/v1/pin",
                                 "{\"source\":\"code\",\"version\":\"present\",\"why\":\"w\"}");
    assert_refused(&reply, 400, "code cannot be pinned: it is gone");
    assert_int_equal(fixture->changes, 0);
}

static void a_source_is_paused_by_a_pin(void **state)
{
    struct api_fixture *fixture = *state;
    static const char body[] = "{\"subject\":\"shop/code\",\"why\":\"w\"}";
    (void)see(fixture, "aaaa1111");
    struct reply reply = api_ask(fixture, "POST", "/v1/pause", body);
    assert_string_equal(reply.body, "{\"subject\":\"shop/code\"}");
    json_t *status = api_get(fixture, "/v1/status");
    assert_int_equal(json_array_size(json_object_get(status, "pauses")), 0);
    assert_string_equal(text_at(status, "pins.0.version"), "aaaa1111");
    json_decref(status);
    assert_int_equal(api_ask(fixture, "POST", "/v1/resume", body).status, 200);
    reply = api_ask(fixture, "POST", "/v1/pause", "{\"subject\":\"nobody\",\"why\":\"w\"}");
    assert_refused(&reply, 404, "there is no image or deployment nobody");
}

static void an_open_request_is_listed(void **state)
{
    struct api_fixture *fixture = *state;
    assert_int_equal(
        api_ask(fixture, "POST", "/v1/images/app/trigger", "{\"why\":\"to see\"}").status, 202);
    json_t *words = api_get(fixture, "/v1/words");
    assert_string_equal(text_at(words, "requests.0.subject"), "shop/app");
    assert_string_equal(text_at(words, "requests.0.why"), "to see");
    json_decref(words);
}

static void builds_are_canceled_at_any_level(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_err err;
    struct rb_build_row row;
    int64_t app = fixture_queue(fixture->base, fixture->base->app_id);
    int64_t runtime = fixture_queue(fixture->base, fixture->base->runtime_id);
    const struct {
        const char *subject;
        size_t count;
    } cases[] = {{"app", 1}, {"shop", 2}, {"all", 2}, {"1", 1}, {"build:2", 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct reply reply =
            api_ask(fixture, "POST", "/v1/cancel",
                    rb_arena_printf(fixture->base->arena, "{\"subject\":\"%s\",\"why\":\"w%zu\"}",
                                    cases[i].subject, i));
        assert_int_equal(reply.status, 202);
        json_t *json;
        assert_ok(rb_json_parse(reply.body, reply.size, "reply", &json, &err), &err);
        assert_int_equal(json_array_size(json_object_get(json, "builds")), cases[i].count);
        json_decref(json);
    }
    const struct rb_build_end end = {
        .build_id = app, .state = RB_BUILD_CANCELED, .error_class = "canceled", .error = "stopped"};
    assert_ok(rb_store_end_build(fixture->base->store, &end, NULL, &err), &err);
    assert_ok(rb_store_build(fixture->base->store, app, fixture->base->arena, &row, &err), &err);
    assert_non_null(strstr(row.error, "canceled by user:"));
    assert_non_null(strstr(row.error, ": w3")); /* the last that spoke of it */
    struct reply reply =
        api_ask(fixture, "POST", "/v1/cancel", "{\"subject\":\"app\",\"why\":\"w\"}");
    assert_refused(&reply, 409, "no build of app is queued or runs");
    reply = api_ask(fixture, "POST", "/v1/cancel", "{\"subject\":\"all\"}");
    assert_refused(&reply, 400, "\"why\" is missing");
    reply = api_ask(fixture, "POST", "/v1/cancel", "{\"subject\":\"nobody\",\"why\":\"w\"}");
    assert_refused(&reply, 404, "there is no image nobody");
    fixture->nothing_to_cancel = true; /* it says nothing of a cancellation that came to nothing */
    reply = api_ask(fixture, "POST", "/v1/cancel", "{\"subject\":\"runtime\",\"why\":\"late\"}");
    assert_int_equal(reply.status, 409);
    assert_ok(rb_store_build(fixture->base->store, runtime, fixture->base->arena, &row, &err),
              &err);
    assert_null(strstr(row.error, "late"));
}

static void builds_are_asked_for_at_any_level(void **state)
{
    struct api_fixture *fixture = *state;
    struct reply reply =
        api_ask(fixture, "POST", "/v1/trigger", "{\"subject\":\"shop\",\"why\":\"w\"}");
    assert_int_equal(reply.status, 202);
    assert_string_equal(reply.body, "{\"images\":[\"shop/app\",\"shop/runtime\"]}");
    reply = api_ask(fixture, "POST", "/v1/trigger",
                    "{\"subject\":\"app\",\"why\":\"now\",\"force\":true}");
    assert_int_equal(reply.status, 202);
    json_t *words = api_get(fixture, "/v1/words");
    assert_int_equal(json_array_size(json_object_get(words, "requests")), 3);
    assert_true(json_is_false(at(words, "requests.0.force")));
    assert_true(json_is_true(at(words, "requests.2.force")));
    json_decref(words);
    reply = api_ask(fixture, "POST", "/v1/trigger", "{\"subject\":\"all\",\"why\":\"w\"}");
    assert_int_equal(reply.status, 202);
    reply = api_ask(fixture, "POST", "/v1/trigger", "{\"subject\":\"nobody\",\"why\":\"w\"}");
    assert_refused(&reply, 404, "there is no image nobody");
    reply = api_ask(fixture, "POST", "/v1/trigger", "{\"subject\":\"all\"}");
    assert_refused(&reply, 400, "\"why\" is missing");
    assert_int_equal(fixture->changes, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_source_is_pinned_for_whom_it_is_named, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_pinned_is_refused, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_source_is_paused_by_a_pin, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(an_open_request_is_listed, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(builds_are_canceled_at_any_level, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(builds_are_asked_for_at_any_level, api_setup, api_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
