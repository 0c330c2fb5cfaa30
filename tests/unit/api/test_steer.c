/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask for: it is recorded with who asked, and the daemon is told. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "api_fixture.h"
#include "rebake/base/memory.h"

static const char *ourselves(struct api_fixture *fixture)
{
    const struct passwd *entry = getpwuid(geteuid());
    return entry != NULL ? rb_arena_printf(fixture->base->arena, "user:%s", entry->pw_name)
                         : rb_arena_printf(fixture->base->arena, "user:%u", (unsigned)geteuid());
}

static void add_blog(struct api_fixture *fixture)
{
    struct rb_err err;
    int64_t pipeline_id, image_id;
    assert_ok(rb_store_put_pipeline(fixture->base->store, "blog", "/etc/blog.yaml", "h",
                                    &pipeline_id, &err),
              &err);
    assert_ok(rb_store_put_image(fixture->base->store, pipeline_id, "app", "r", &image_id, &err),
              &err);
}

static void trigger_asks_for_a_build(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_err err;
    struct rb_request_row *rows;
    size_t count;
    const char *body = "{\"why\":\"to see it work\"}";
    struct reply reply = api_ask(fixture, "POST", "/v1/images/shop/app/trigger", body);
    assert_int_equal(reply.status, 202);
    assert_string_equal(reply.body, "{\"image\":\"shop/app\"}");
    assert_int_equal(api_ask(fixture, "POST", "/v1/images/runtime/trigger", body).status, 202);
    assert_int_equal(fixture->changes, 2);
    assert_ok(
        rb_store_open_requests(fixture->base->store, fixture->base->arena, &rows, &count, &err),
        &err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].image_id, fixture->base->app_id);
    assert_string_equal(rows[0].who, ourselves(fixture));
    assert_string_equal(rows[0].why, "to see it work");
    assert_int_equal(rows[1].image_id, fixture->base->runtime_id);
    reply = api_ask(fixture, "POST", "/v1/images/shop/ap/trigger", body);
    assert_refused(&reply, 404, "there is no image shop/ap (did you mean shop/app?)");
    reply = api_ask(fixture, "POST", "/v1/images/production/trigger", body);
    assert_refused(&reply, 404, "there is no image production");
    reply = api_ask(fixture, "POST", "/v1/images/shop/app/trigger", "{}");
    assert_refused(&reply, 400, "\"why\" is missing");
    add_blog(fixture);
    reply = api_ask(fixture, "POST", "/v1/images/app/trigger", body);
    assert_refused(&reply, 400, "several pipelines have app: name one of blog/app, shop/app");
    assert_int_equal(api_ask(fixture, "POST", "/v1/images/blog/app/trigger", body).status, 202);
}

static void approve_what_stands_now(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_store *store = fixture->base->store;
    struct rb_err err;
    static const char body[] = "{\"subject\":\"app\",\"why\":\"looked at it\"}";
    static const char all[] = "{\"subject\":\"all\",\"why\":\"looked at it\"}";
    struct reply reply = api_ask(fixture, "POST", "/v1/approve", body);
    assert_refused(&reply, 400, "there is nothing to approve: nothing would be built of it now");
    assert_ok(rb_store_set_image_key(store, fixture->base->app_id, "key1", &err), &err);
    reply = api_ask(fixture, "POST", "/v1/approve", body);
    assert_int_equal(reply.status, 200);
    assert_string_equal(reply.body, "{\"approved\":[{\"subject\":\"shop/app\",\"key\":\"key1\"}]}");
    assert_int_equal(fixture->changes, 1);
    json_t *status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "approvals.0.key"), "key1");
    assert_string_equal(text_at(status, "approvals.0.who"), ourselves(fixture));
    assert_string_equal(text_at(status, "approvals.0.why"), "looked at it");
    json_decref(status);

    reply = api_ask(fixture, "POST", "/v1/approve", all); /* app is not on hold */
    assert_refused(&reply, 400, "nothing of all waits");
    assert_ok(rb_store_set_image_key(store, fixture->base->app_id, "key2", &err), &err);
    assert_ok(rb_store_set_image_state(store, fixture->base->app_id, "on-hold", "two must approve",
                                       "approval", "[]", &err),
              &err);
    reply = api_ask(fixture, "POST", "/v1/approve", all);
    assert_string_equal(reply.body, "{\"approved\":[{\"subject\":\"shop/app\",\"key\":\"key2\"}]}");
    reply = api_ask(fixture, "POST", "/v1/withdraw", body);
    assert_string_equal(reply.body, "{\"subject\":\"shop/app\"}");
    reply = api_ask(fixture, "POST", "/v1/withdraw", body);
    assert_refused(&reply, 404, "has approved nothing of shop/app");
    reply = api_ask(fixture, "POST", "/v1/approve", "{\"subject\":\"app\"}");
    assert_refused(&reply, 400, "\"why\" is missing");
    reply = api_ask(fixture, "POST", "/v1/approve", "{\"subject\":\"nobody\",\"why\":\"x\"}");
    assert_refused(&reply, 404, "there is no image or deployment nobody");
}

static void pause_and_resume(void **state)
{
    struct api_fixture *fixture = *state;
    static const struct {
        const char *asked;
        const char *subject;
    } cases[] = {{"all", "all"},
                 {"shop", "shop"},
                 {"app", "shop/app"},
                 {"shop/runtime", "shop/runtime"},
                 {"production", "shop/production"}};
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        const char *body = rb_arena_printf(
            fixture->base->arena, "{\"subject\":\"%s\",\"why\":\"freeze\"}", cases[i].asked);
        struct reply reply = api_ask(fixture, "POST", "/v1/pause", body);
        assert_int_equal(reply.status, 200);
        assert_string_equal(reply.body, rb_arena_printf(fixture->base->arena,
                                                        "{\"subject\":\"%s\"}", cases[i].subject));
        json_t *status = api_get(fixture, "/v1/status");
        assert_string_equal(text_at(status, "pauses.0.subject"), cases[i].subject);
        assert_string_equal(text_at(status, "pauses.0.who"), ourselves(fixture));
        assert_string_equal(text_at(status, "pauses.0.why"), "freeze");
        assert_true(json_is_true(at(status, "paused")) == (i == 0));
        json_decref(status);
        assert_int_equal(api_ask(fixture, "POST", "/v1/resume", body).status, 200);
        reply = api_ask(fixture, "POST", "/v1/resume", body);
        assert_refused(&reply, 404, "is not paused");
    }
    assert_int_equal(fixture->changes, 2 * (int)RB_COUNT_OF(cases));
    struct reply reply =
        api_ask(fixture, "POST", "/v1/pause", "{\"subject\":\"nobody\",\"why\":\"x\"}");
    assert_refused(&reply, 404, "there is no image or deployment nobody");
}

static void a_pause_may_have_an_end(void **state)
{
    struct api_fixture *fixture = *state;
    static const char *const BAD[] = {"0", "-1", "\"2h\"", "99999999999999"};
    struct reply reply = api_ask(fixture, "POST", "/v1/pause",
                                 "{\"subject\":\"all\",\"why\":\"x\",\"forMs\":61000}");
    assert_int_equal(reply.status, 200);
    json_t *status = api_get(fixture, "/v1/status");
    assert_string_equal(text_at(status, "pauses.0.until"), "1970-01-01T00:17:41Z");
    json_decref(status);
    for (size_t i = 0; i < RB_COUNT_OF(BAD); i++) {
        reply =
            api_ask(fixture, "POST", "/v1/pause",
                    rb_arena_printf(fixture->base->arena,
                                    "{\"subject\":\"all\",\"why\":\"x\",\"forMs\":%s}", BAD[i]));
        assert_refused(&reply, 400, "\"forMs\" is not a number of milliseconds");
    }
    reply = api_ask(fixture, "POST", "/v1/pause", "{\"subject\":\"all\",\"why\":\"x\"}");
    status = api_get(fixture, "/v1/status");
    assert_true(json_is_null(at(status, "pauses.0.until")));
    json_decref(status);
}

static void pause_of_what_is_gone_can_be_lifted(void **state)
{
    struct api_fixture *fixture = *state;
    static const char *const NONE[] = {NULL};
    const char *body = "{\"subject\":\"shop/app\",\"why\":\"freeze\"}";
    struct rb_err err;
    assert_int_equal(api_ask(fixture, "POST", "/v1/pause", body).status, 200);
    assert_ok(rb_store_retain_images(fixture->base->store, fixture->base->pipeline_id, NONE, &err),
              &err);
    assert_int_equal(api_ask(fixture, "POST", "/v1/resume", body).status, 200);
}

static void cancel_and_check(void **state)
{
    struct api_fixture *fixture = *state;
    int64_t id = fixture_queue(fixture->base, fixture->base->app_id);
    assert_int_equal(id, 1);
    static const char one[] = "{\"subject\":\"1\",\"why\":\"w\"}";
    struct reply reply = api_ask(fixture, "POST", "/v1/cancel", one);
    assert_int_equal(reply.status, 202);
    assert_int_equal(fixture->canceled_id, 1);
    fixture->nothing_to_cancel = true;
    reply = api_ask(fixture, "POST", "/v1/cancel", one);
    assert_refused(&reply, 409, "there is nothing to cancel");
    reply = api_ask(fixture, "POST", "/v1/cancel", "{\"subject\":\"build:9\",\"why\":\"w\"}");
    assert_refused(&reply, 404, "there is no build 9");
    assert_int_equal(api_ask(fixture, "POST", "/v1/sources/1/check", NULL).status, 202);
    assert_int_equal(fixture->checked_id, 1);
    assert_int_equal(api_ask(fixture, "POST", "/v1/check", "{}").status, 202);
    assert_int_equal(fixture->checked_id, 0);
    fixture->store_is_full = true;
    reply = api_ask(fixture, "POST", "/v1/check", "{}");
    assert_refused(&reply, 503, "the store is full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trigger_asks_for_a_build, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(approve_what_stands_now, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(pause_and_resume, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_pause_may_have_an_end, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(pause_of_what_is_gone_can_be_lifted, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(cancel_and_check, api_setup, api_teardown),
    };
    return cmocka_run_group_tests_name("api steer", tests, NULL, NULL);
}
