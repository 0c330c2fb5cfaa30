/* SPDX-License-Identifier: Apache-2.0 */
/* What /v1/sources tells of how well upstream can be seen, and whom it leaves out. */
#include "api_fixture.h"
#include "rebake/base/memory.h"

static void check(struct api_fixture *fixture, struct rb_check_record record)
{
    struct rb_err err;
    record.source_id = fixture->base->source_id;
    record.checked_at = fixture->base->now;
    record.next_check_at = fixture->base->now + 60000;
    record.requests = 3;
    record.bytes = 700;
    assert_ok(rb_store_record_check(fixture->base->store, &record, NULL, &err), &err);
}

static const struct rb_check_record UNTRUSTED = {
    .error_code = "verify", .error = "no valid signature", .trouble = "untrusted"};

static size_t count(struct api_fixture *fixture, const char *path)
{
    json_t *answer = api_get(fixture, path);
    size_t found = json_array_size(at(answer, "sources"));
    json_decref(answer);
    return found;
}

static void cost_and_interval_are_told(void **state)
{
    struct api_fixture *fixture = *state;
    check(fixture, (struct rb_check_record){.version = "c1", .interval_ms = 60000});
    check(fixture, (struct rb_check_record){.interval_ms = 90000});
    json_t *answer = api_get(fixture, "/v1/sources");
    assert_string_equal(text_at(answer, "sources.0.state"), "good");
    assert_true(json_is_null(at(answer, "sources.0.trouble")));
    assert_true(json_is_null(at(answer, "sources.0.troubleSince")));
    assert_int_equal(number_at(answer, "sources.0.intervalMs"), 90000);
    assert_int_equal(number_at(answer, "sources.0.checks"), 2);
    assert_int_equal(number_at(answer, "sources.0.requests"), 6);
    assert_int_equal(number_at(answer, "sources.0.bytes"), 1400);
    assert_string_equal(text_at(answer, "sources.0.host.name"), "git.example.com");
    assert_string_equal(text_at(answer, "sources.0.host.state"), "up");
    assert_true(json_is_null(at(answer, "sources.0.host.until")));
    json_decref(answer);
}

static void what_is_left_of_its_hosts_allowance_is_told(void **state)
{
    struct api_fixture *fixture = *state;
    json_t *answer = api_get(fixture, "/v1/sources");
    assert_true(json_is_null(at(answer, "sources.0.host.limit")));
    json_decref(answer);
    fixture->host.limit = (struct rb_http_limit){.remaining = 7, .total = 60, .window_ms = 3600000};
    answer = api_get(fixture, "/v1/sources");
    assert_int_equal(number_at(answer, "sources.0.host.limit.remaining"), 7);
    assert_int_equal(number_at(answer, "sources.0.host.limit.total"), 60);
    assert_int_equal(number_at(answer, "sources.0.host.limit.windowMs"), 3600000);
    json_decref(answer);
    fixture->host.limit.total = 0;
    answer = api_get(fixture, "/v1/sources");
    assert_true(json_is_null(at(answer, "sources.0.host.limit.total")));
    json_decref(answer);
}

static void trouble_is_told_in_a_word(void **state)
{
    struct api_fixture *fixture = *state;
    check(fixture, UNTRUSTED);
    fixture->base->now += 5000;
    check(fixture, UNTRUSTED);
    json_t *answer = api_get(fixture, "/v1/sources?failing=true");
    assert_string_equal(text_at(answer, "sources.0.state"), "failing");
    assert_string_equal(text_at(answer, "sources.0.trouble"), "untrusted");
    assert_string_equal(text_at(answer, "sources.0.troubleSince"), "1970-01-01T00:16:40Z");
    assert_int_equal(number_at(answer, "sources.0.failures"), 2);
    json_decref(answer);
}

static void a_host_that_is_down_is_trouble_too(void **state)
{
    struct api_fixture *fixture = *state;
    check(fixture, (struct rb_check_record){.version = "c1"});
    assert_int_equal(count(fixture, "/v1/sources?failing=true"), 0);
    fixture->host.state = "limited";
    assert_int_equal(count(fixture, "/v1/sources?failing=true"), 0);
    fixture->host.state = "down";
    fixture->host.until = 2000000;
    json_t *answer = api_get(fixture, "/v1/sources?failing=true");
    assert_string_equal(text_at(answer, "sources.0.state"), "good");
    assert_string_equal(text_at(answer, "sources.0.host.until"), "1970-01-01T00:33:20Z");
    json_decref(answer);
    fixture->host.name = NULL;
    answer = api_get(fixture, "/v1/sources");
    assert_true(json_is_null(at(answer, "sources.0.host")));
    json_decref(answer);
}

static void only_those_asked_for_are_shown(void **state)
{
    struct api_fixture *fixture = *state;
    assert_int_equal(count(fixture, "/v1/sources"), 1);
    assert_int_equal(count(fixture, "/v1/sources?kind=git"), 1);
    assert_int_equal(count(fixture, "/v1/sources?kind=apt"), 0);
    assert_int_equal(count(fixture, "/v1/sources?pipeline=shop"), 1);
    assert_int_equal(count(fixture, "/v1/sources?pipeline=sho"), 0);
    assert_int_equal(count(fixture, "/v1/sources?failing=false&kind=git&pipeline=shop"), 1);
    struct reply reply = api_ask(fixture, "GET", "/v1/sources?failing=perhaps", NULL);
    assert_refused(&reply, 400, "neither true nor false");
}

static void why_tells_what_cannot_be_seen(void **state)
{
    struct api_fixture *fixture = *state;
    json_t *answer = api_get(fixture, "/v1/why/shop/app");
    assert_int_equal(json_array_size(at(answer, "sources")), 0);
    json_decref(answer);
    check(fixture, UNTRUSTED);
    answer = api_get(fixture, "/v1/why/shop/app");
    assert_string_equal(text_at(answer, "sources.0.trouble"), "untrusted");
    assert_string_equal(text_at(answer, "sources.0.names.0"), "shop/code");
    json_decref(answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(cost_and_interval_are_told, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(what_is_left_of_its_hosts_allowance_is_told, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(trouble_is_told_in_a_word, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(a_host_that_is_down_is_trouble_too, api_setup,
                                        api_teardown),
        cmocka_unit_test_setup_teardown(only_those_asked_for_are_shown, api_setup, api_teardown),
        cmocka_unit_test_setup_teardown(why_tells_what_cannot_be_seen, api_setup, api_teardown),
    };
    return cmocka_run_group_tests_name("api sources", tests, NULL, NULL);
}
