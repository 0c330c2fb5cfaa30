/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "source_view.h"

static json_t *parse(const char *text)
{
    struct rb_err err;
    json_t *json = NULL;
    if (rb_json_parse(text, strlen(text), "sources", &json, &err) != 0)
        fail_msg("%s", err.text);
    return json;
}

static void the_word_is_the_worst_that_is_known(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *word;
        bool in_trouble;
    } cases[] = {
        {"{\"state\": \"good\", \"trouble\": null, \"host\": null}", "good", false},
        {"{\"state\": \"new\", \"host\": {\"state\": \"up\"}}", "new", false},
        {"{\"state\": \"good\", \"host\": {\"state\": \"down\"}}", "down", true},
        {"{\"state\": \"good\", \"host\": {\"state\": \"limited\"}}", "good", false},
        {"{\"state\": \"good\", \"trouble\": \"moved\"}", "moved", true},
        {"{\"state\": \"failing\", \"trouble\": \"untrusted\", \"host\": {\"state\": \"down\"}}",
         "untrusted", true},
        {"{\"state\": \"failing\", \"trouble\": null, \"host\": {\"state\": \"down\"}}", "failing",
         true},
        {"{\"state\": \"failing\", \"trouble\": \"a word of later\"}", "a word of later", true},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_JSON json_t *source = parse(cases[i].source);
        assert_string_equal(rb_source_word(source), cases[i].word);
        assert_int_equal(rb_source_weight(source) > 0, cases[i].in_trouble);
    }
}

static void the_worst_come_first_and_the_rest_stay(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *sources =
        parse("[{\"id\": 1, \"state\": \"good\"}, {\"id\": 2, \"state\": \"new\"},"
              " {\"id\": 3, \"state\": \"failing\", \"trouble\": \"unreachable\"},"
              " {\"id\": 4, \"state\": \"failing\", \"trouble\": \"key-changed\"},"
              " {\"id\": 5, \"state\": \"failing\", \"trouble\": \"unreachable\"},"
              " {\"id\": 6, \"state\": \"good\"}]");
    static const int ORDER[] = {4, 3, 5, 1, 2, 6};
    size_t count;
    RB_CLEANUP_FREE const json_t **sorted = rb_sources_by_weight(sources, &count);
    assert_int_equal(count, RB_COUNT_OF(ORDER));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rb_json_get_integer(sorted[i], "id", 0), ORDER[i]);
}

static void names_stand_in_one_line(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *source = parse("{\"names\": [\"blog/site\", \"shop/code\"]}");
    RB_CLEANUP_FREE char *names = rb_source_names(source);
    assert_string_equal(names, "blog/site, shop/code");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_is_the_worst_that_is_known),
        cmocka_unit_test(the_worst_come_first_and_the_rest_stay),
        cmocka_unit_test(names_stand_in_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
