/* SPDX-License-Identifier: Apache-2.0 */
/* What policy decided, as it is told: by number, by what it is about, in lists, and in the chain.
 */
#include <string.h>

#include "api_fixture.h"
#include "rebake/base/memory.h"

static const char HELD[] = "{\"decision\":\"hold\",\"rules\":[\"approved\",\"other\"]}";

static int64_t decide(struct api_fixture *fixture, bool of_deployment, const char *word)
{
    struct fixture *base = fixture->base;
    RB_CLEANUP_JSON json_t *input = json_pack("{s:s}", "subject", "rebuild");
    const struct rb_decision_row row = {.subject = of_deployment ? "deploy" : "rebuild",
                                        .image_id = of_deployment ? 0 : base->app_id,
                                        .deployment_id = of_deployment ? base->production_id : 0,
                                        .key = "k1",
                                        .word = word,
                                        .rule = "approved",
                                        .reason = "a person approves it",
                                        .result = HELD,
                                        .asked_at = base->now,
                                        .took_us = 1800};
    struct rb_err err;
    int64_t id = 0;
    assert_ok(rb_store_add_decision(base->store, &row, input, &id, &err), &err);
    return id;
}

static void a_decision_is_told_by_number_and_by_name(void **state)
{
    struct api_fixture *fixture = *state;
    struct reply reply = api_ask(fixture, "GET", "/v1/decisions/app", NULL);
    assert_refused(&reply, 404, "nothing was decided about shop/app yet");
    decide(fixture, false, "refuse");
    decide(fixture, false, "hold");
    decide(fixture, true, "allow");
    static const char *const paths[] = {"/v1/decisions/2", "/v1/decisions/app",
                                        "/v1/decisions/shop/app"};
    for (size_t i = 0; i < RB_COUNT_OF(paths); i++) {
        reply = api_ask(fixture, "GET", paths[i], NULL);
        assert_int_equal(reply.status, 200);
        assert_non_null(strstr(reply.body, "\"id\":2,\"about\":\"rebuild\",\"name\":\"shop/app\""));
        assert_non_null(strstr(reply.body, "\"word\":\"hold\",\"rule\":\"approved\""));
        assert_non_null(strstr(reply.body, "\"tookUs\":1800"));
        assert_non_null(strstr(reply.body, "\"input\":{\"subject\":\"rebuild\"}"));
        assert_non_null(strstr(reply.body, "[\"approved\",\"other\"]"));
    }
    reply = api_ask(fixture, "GET", "/v1/decisions/production", NULL);
    assert_non_null(strstr(reply.body, "\"about\":\"deploy\",\"name\":\"shop/production\""));
    reply = api_ask(fixture, "GET", "/v1/decisions/99", NULL);
    assert_refused(&reply, 404, "there is no decision 99");
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static void decisions_are_listed_newest_first(void **state)
{
    struct api_fixture *fixture = *state;
    for (int i = 0; i < 3; i++)
        decide(fixture, false, "hold");
    decide(fixture, true, "hold");
    struct reply reply = api_ask(fixture, "GET", "/v1/decisions", NULL);
    assert_int_equal(count_of(reply.body, "\"askedAt\""), 4);
    assert_true(strstr(reply.body, "\"id\":4") < strstr(reply.body, "\"id\":1"));
    reply = api_ask(fixture, "GET", "/v1/decisions?subject=production", NULL);
    assert_int_equal(count_of(reply.body, "\"askedAt\""), 1);
    reply = api_ask(fixture, "GET", "/v1/decisions?subject=app&limit=2", NULL);
    assert_int_equal(count_of(reply.body, "\"askedAt\""), 2);
    reply = api_ask(fixture, "GET", "/v1/decisions?limit=many", NULL);
    assert_int_equal(reply.status, 400);
}

static void why_tells_who_allowed_the_build_and_what_holds_the_rollout(void **state)
{
    struct api_fixture *fixture = *state;
    struct rb_err err;
    int64_t build_id =
        fixture_build(fixture->base, fixture->base->app_id, RB_BUILD_SUCCEEDED, DIGEST_A);
    int64_t allowed = decide(fixture, false, "allow");
    assert_ok(rb_store_build_stands_on(fixture->base->store, build_id, allowed, &err), &err);
    decide(fixture, true, "hold");
    assert_ok(rb_store_set_deployment_held(fixture->base->store, fixture->base->production_id,
                                           "on-hold", "policy rule approved: not yet", &err),
              &err);
    struct reply reply = api_ask(fixture, "GET", "/v1/why/production", NULL);
    assert_int_equal(reply.status, 200);
    assert_non_null(strstr(reply.body, "\"held\":\"on-hold\""));
    assert_non_null(strstr(reply.body, "\"heldCause\":\"policy rule approved: not yet\""));
    assert_non_null(strstr(reply.body, "\"about\":\"deploy\""));
    assert_non_null(strstr(reply.body, "\"about\":\"rebuild\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_decision_is_told_by_number_and_by_name, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(decisions_are_listed_newest_first, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(why_tells_who_allowed_the_build_and_what_holds_the_rollout,
                                        api_setup, api_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
