/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "opa.h"
#include "rebake/base/memory.h"

static const char ID[] = "4ea77ed4-cd44-4d9c-8bb9-d63c5b9a9d1c";

/* The input says what becomes of it. */
static int decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    int *calls = context;
    const char *fail = rb_json_get_string(input, "fail", NULL);
    (*calls)++;
    if (fail != NULL)
        return rb_err_set(err, RB_EINVALID, "%s", fail);
    if (rb_json_get_bool(input, "undefined", false))
        return rb_err_set(err, RB_ENOTFOUND, "no policy");
    *ret_result = rb_json_object();
    rb_json_set_string(*ret_result, "decision", "hold");
    json_t *rules = rb_json_array();
    rb_json_append_string(rules, "first");
    rb_json_append_string(rules, "second");
    rb_json_set(*ret_result, "rules", rules);
    return 0;
}

static const char *document_of(const char *path, unsigned *ret_flags)
{
    const char *document = NULL;
    assert_true(opa_path(path, &document, ret_flags));
    return document;
}

#define RESULT  "{\"decision\":\"hold\",\"rules\":[\"first\",\"second\"]}"
#define LOG     "{\"decision_id\":\"4ea77ed4-cd44-4d9c-8bb9-d63c5b9a9d1c\""
#define WARNING ",\"warning\":{\"code\":\"api_usage_warning\",\"message\":\"'input' key missing "
#define EMPTY   LOG WARNING "from the request\"}}\n"

static const struct {
    const char *path;
    const char *body;
    const char *text; /* what is expected, or of an error a part of it */
    unsigned more_flags;
    int status;
    int calls;
} CASES[] = {
    {"/v1/data/rebake/decision", "{\"input\":{}}", LOG ",\"result\":" RESULT "}\n", 0, 200, 1},
    {"/v1/data/rebake/decision/", "{\"input\":{}}", LOG ",\"result\":" RESULT "}\n", 0, 200, 1},
    {"/v1/data/rebake", "{\"input\":{}}", LOG ",\"result\":{\"decision\":" RESULT "}}\n", 0, 200,
     1},
    {"/v1/data", "{\"input\":{}}", LOG ",\"result\":{\"rebake\":{\"decision\":" RESULT "}}}\n", 0,
     200, 1},
    {"/v1/data/rebake/decision/decision", "{\"input\":{}}", LOG ",\"result\":\"hold\"}\n", 0, 200,
     1},
    {"/v1/data/rebake/decision/rules/1", "{\"input\":{}}", LOG ",\"result\":\"second\"}\n", 0, 200,
     1},
    {"/v1/data/rebake/decision/rules/2", "{\"input\":{}}", LOG "}\n", 0, 200, 1},
    {"/v1/data/rebake/decision/rules/x", "{\"input\":{}}", LOG "}\n", 0, 200, 1},
    {"/v1/data/rebake/other", "{\"input\":{}}", LOG "}\n", 0, 200, 0},
    {"/v1/data/system/main", "{\"input\":{}}", LOG "}\n", 0, 200, 0},
    {"/v1/data/rebake/decision", "{\"input\":{\"undefined\":true}}", LOG "}\n", 0, 200, 1},
    {"/v1/data/rebake", "{\"input\":{\"undefined\":true}}", LOG ",\"result\":{}}\n", 0, 200, 1},
    {"/v1/data/rebake/decision", "", EMPTY, 0, 200, 0},
    {"/v1/data/rebake/decision", "{}", EMPTY, 0, 200, 0},
    {"/v1/data/rebake/decision", "{}", LOG ",\"result\":" RESULT "}\n", OPA_BARE_INPUT, 200, 1},
    {"/v1/data/rebake/decision/decision", "{\"input\":{}}",
     "{\n  \"decision_id\": \"4ea77ed4-cd44-4d9c-8bb9-d63c5b9a9d1c\",\n  \"result\": \"hold\"\n}\n",
     OPA_PRETTY, 200, 1},
    {"/v0/data/rebake/decision", "{}", RESULT "\n", 0, 200, 1},
    {"/v0/data/rebake/decision/decision", "{}", "\"hold\"\n", 0, 200, 1},
    {"/v0/data/rebake/decision", "", "undefined_document", 0, 404, 0},
    {"/v0/data/rebake/decision", "{\"undefined\":true}", "undefined_document", 0, 404, 1},
    {"/v1/data/rebake/decision", "{", "invalid_parameter", 0, 400, 0},
    {"/v1/data/rebake/decision", "[]", "invalid_parameter", 0, 400, 0},
    {"/v1/data/rebake/decision", "{\"input\":{},\"input\":{}}", "invalid_parameter", 0, 400, 0},
    {"/v1/data/rebake/decision", "{\"input\":{\"fail\":\"rule \\\"a\\\" is no good\"}}",
     "{\"code\":\"internal_error\",\"message\":\"error(s) occurred while evaluating query\","
     "\"errors\":[{\"code\":\"eval_internal_error\",\"message\":\"rule \\\"a\\\" is no good\"}]}\n",
     0, 500, 1},
    {"/v1/data/rebake/decision/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "{\"input\":{}}", LOG "}\n",
     0, 200, 0},
};

static void questions_are_answered_as_opa_does(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        unsigned flags = 0;
        int calls = 0;
        struct opa_reply reply = {0};
        const char *document = document_of(CASES[i].path, &flags);
        const struct opa_question question = {.flags = flags | CASES[i].more_flags,
                                              .document = document,
                                              .body = CASES[i].body,
                                              .body_size = strlen(CASES[i].body)};
        opa_answer(&question, ID, decide, &calls, &reply);
        bool fits = CASES[i].status == 200 ? strcmp(reply.text, CASES[i].text) == 0
                                           : strstr(reply.text, CASES[i].text) != NULL;
        if (!fits || reply.status != CASES[i].status || calls != CASES[i].calls ||
            reply.size != strlen(reply.text))
            fail_msg("%s %s: %d %s", CASES[i].path, CASES[i].body, reply.status, reply.text);
        rb_free(reply.text);
    }
}

static void other_paths_are_not_the_data_api(void **state)
{
    static const char *const PATHS[] = {"/",         "/v1",          "/v1/database", "/v2/data",
                                        "/v1/query", "/v1/policies", "v1/data",      "/v1/Data"};
    const char *document;
    unsigned flags;
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(PATHS); i++)
        assert_false(opa_path(PATHS[i], &document, &flags));
}

static void decisions_have_names_of_their_own(void **state)
{
    unsigned char random[16];
    char id[OPA_DECISION_ID_SIZE];
    (void)state;
    memset(random, 0xff, sizeof(random));
    opa_decision_id(random, id);
    assert_string_equal(id, "ffffffff-ffff-4fff-bfff-ffffffffffff");
    memset(random, 0, sizeof(random));
    opa_decision_id(random, id);
    assert_string_equal(id, "00000000-0000-4000-8000-000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_are_answered_as_opa_does),
        cmocka_unit_test(other_paths_are_not_the_data_api),
        cmocka_unit_test(decisions_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
