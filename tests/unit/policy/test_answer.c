/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/policy/answer.h"

struct world {
    struct rb_arena *arena;
    json_t *response;
    struct rb_policy_answer answer;
    struct rb_err err;
};

static int read_text(struct world *world, const char *text)
{
    json_decref(world->response);
    world->response = NULL;
    assert_int_equal(rb_json_parse(text, strlen(text), "test", &world->response, &world->err), 0);
    return rb_policy_answer_read(world->response, world->arena, &world->answer, &world->err);
}

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    world->arena = rb_arena_new();
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    json_decref(world->response);
    rb_arena_free(world->arena);
    rb_free(world);
    return 0;
}

static void the_least_is_one_word(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "{\"result\":{\"decision\":\"refuse\"}}"), 0);
    assert_int_equal(world->answer.word, RB_POLICY_REFUSE);
    assert_null(world->answer.rule);
    assert_null(world->answer.reason);
    assert_int_equal(world->answer.priority, RB_POLICY_PRIORITY_DEFAULT);
    assert_int_equal(world->answer.until_at, 0);
    assert_false(world->answer.urgent);
    assert_null(world->answer.budget_name);
    assert_string_equal(rb_policy_word_name(world->answer.word), "refuse");
}

static void all_of_it_is_read(void **state)
{
    struct world *world = *state;
    int64_t until_at, deadline_at;
    assert_int_equal(rb_time_parse("2026-11-28T06:00:00Z", &until_at, NULL), 0);
    assert_int_equal(rb_time_parse("2026-11-29T00:00:00Z", &deadline_at, NULL), 0);
    assert_int_equal(
        read_text(world,
                  "{\"decision_id\":\"5f6a\",\"provenance\":{},\"result\":{\"decision\":\"hold\","
                  "\"rule\":\"nights\",\"reason\":\"outside of the window\",\"waitsFor\":\"time\","
                  "\"until\":\"2026-11-28T07:00:00.5+01:00\",\"deadline\":\"2026-11-29T00:00:00Z\","
                  "\"priority\":90,\"urgent\":true,\"bisect\":true,\"supersede\":\"cancel\","
                  "\"approvals\":{\"wanted\":2,\"given\":1,\"from\":[\"alice\"]},"
                  "\"budget\":{\"name\":\"shop\",\"minutesPerDay\":600},"
                  "\"concurrency\":{\"name\":\"shop\",\"most\":2},"
                  "\"executor\":null,\"something\":{\"new\":1}}}"),
        0);
    const struct rb_policy_answer *answer = &world->answer;
    assert_int_equal(answer->word, RB_POLICY_HOLD);
    assert_string_equal(answer->rule, "nights");
    assert_string_equal(answer->reason, "outside of the window");
    assert_string_equal(answer->waits_for, "time");
    assert_int_equal(answer->until_at / 1000, until_at / 1000);
    assert_int_equal(answer->deadline_at, deadline_at);
    assert_int_equal(answer->priority, 90);
    assert_true(answer->urgent && answer->bisect && answer->supersede_cancel);
    assert_int_equal(answer->approvals_wanted, 2);
    assert_int_equal(answer->approvals_given, 1);
    assert_string_equal(answer->budget_name, "shop");
    assert_int_equal(answer->budget_ms_a_day, INT64_C(600) * 60 * 1000);
    assert_string_equal(answer->concurrency_name, "shop");
    assert_int_equal(answer->concurrency_most, 2);
    assert_string_equal(answer->decision_id, "5f6a");
    assert_string_equal(rb_json_get_string(answer->json, "decision", ""), "hold");
}

static void what_is_undefined_is_no_answer(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "{}"), RB_ENOTFOUND);
    assert_int_equal(read_text(world, "{\"decision_id\":\"5f6a\"}"), RB_ENOTFOUND);
}

static void a_slip_is_no_answer(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"[]", "not a JSON object"},
        {"{\"result\":null}", "not an object"},
        {"{\"result\":true}", "not an object"},
        {"{\"result\":\"allow\"}", "not an object"},
        {"{\"result\":[{\"decision\":\"allow\"}]}", "not an object"},
        {"{\"result\":{}}", "result.decision is missing"},
        {"{\"result\":{\"allow\":true}}", "result.decision is missing"},
        {"{\"result\":{\"decision\":null}}", "result.decision is missing"},
        {"{\"result\":{\"decision\":true}}", "result.decision of the answer is no text"},
        {"{\"result\":{\"decision\":\"Allow\"}}", "is Allow, not one of its words"},
        {"{\"result\":{\"decision\":\"\"}}", "not one of its words"},
        {"{\"result\":{\"decision\":\"allow\",\"rule\":7}}", "result.rule of the answer is not"},
        {"{\"result\":{\"decision\":\"allow\",\"rule\":\"\"}}", "result.rule of the answer is not"},
        {"{\"result\":{\"decision\":\"allow\",\"reason\":[]}}", "result.reason"},
        {"{\"result\":{\"decision\":\"allow\",\"until\":\"tomorrow\"}}", "RFC 3339"},
        {"{\"result\":{\"decision\":\"allow\",\"until\":1764288000}}", "RFC 3339"},
        {"{\"result\":{\"decision\":\"allow\",\"deadline\":\"2026-02-30T00:00:00Z\"}}", "RFC 3339"},
        {"{\"result\":{\"decision\":\"allow\",\"priority\":\"high\"}}", "from 0 to 100"},
        {"{\"result\":{\"decision\":\"allow\",\"priority\":101}}", "from 0 to 100"},
        {"{\"result\":{\"decision\":\"allow\",\"priority\":-1}}", "from 0 to 100"},
        {"{\"result\":{\"decision\":\"allow\",\"priority\":1.5}}", "from 0 to 100"},
        {"{\"result\":{\"decision\":\"allow\",\"urgent\":\"true\"}}", "true or false"},
        {"{\"result\":{\"decision\":\"allow\",\"bisect\":1}}", "true or false"},
        {"{\"result\":{\"decision\":\"allow\",\"supersede\":\"maybe\"}}", "result.supersede"},
        {"{\"result\":{\"decision\":\"hold\",\"waitsFor\":\"godot\"}}", "result.waitsFor"},
        {"{\"result\":{\"decision\":\"hold\",\"approvals\":2}}", "result.approvals"},
        {"{\"result\":{\"decision\":\"hold\",\"approvals\":{\"wanted\":\"2\"}}}", "wanted"},
        {"{\"result\":{\"decision\":\"hold\",\"approvals\":{\"given\":101}}}", "given"},
        {"{\"result\":{\"decision\":\"allow\",\"budget\":{\"name\":\"shop\"}}}", "its bound"},
        {"{\"result\":{\"decision\":\"allow\",\"budget\":{\"minutesPerDay\":5}}}", "its name"},
        {"{\"result\":{\"decision\":\"allow\",\"budget\":{}}}", "its name"},
        {"{\"result\":{\"decision\":\"allow\",\"concurrency\":{\"name\":\"a\",\"most\":-1}}}",
         "most"},
        {"{\"result\":{\"decision\":\"allow\"},\"decision_id\":7}", "decision_id"},
    };
    struct world *world = *state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        assert_int_equal(read_text(world, cases[i].text), RB_EINVALID);
        if (strstr(world->err.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].text, world->err.text);
    }
}

static void a_failed_read_leaves_what_was_there(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "{\"result\":{\"decision\":\"hold\"}}"), 0);
    assert_int_equal(read_text(world, "{\"result\":{\"decision\":\"allow\",\"priority\":[]}}"),
                     RB_EINVALID);
    assert_int_equal(world->answer.word, RB_POLICY_HOLD);
}

static void words_from_outside_cannot_steer_a_terminal(void **state)
{
    struct world *world = *state;
    assert_int_equal(read_text(world, "{\"result\":{\"decision\":\"allow\",\"reason\":"
                                      "\"a\\u001b[2Jb\\nc\"}}"),
                     0);
    assert_string_equal(world->answer.reason, "a?[2Jb?c");
    for (int over = 0; over < 2; over++) {
        RB_CLEANUP_FREE char *text =
            rb_asprintf("{\"result\":{\"decision\":\"allow\",\"reason\":\"%0*d\"}}",
                        RB_POLICY_REASON_MAXIMUM + over, 0);
        assert_int_equal(read_text(world, text), over == 0 ? 0 : RB_EINVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_least_is_one_word, setup, teardown),
        cmocka_unit_test_setup_teardown(all_of_it_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_undefined_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slip_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_failed_read_leaves_what_was_there, setup, teardown),
        cmocka_unit_test_setup_teardown(words_from_outside_cannot_steer_a_terminal, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
