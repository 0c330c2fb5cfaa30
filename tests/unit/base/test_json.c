/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/json.h"
#include "rebake/base/memory.h"

static void test_parse_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *where; /* a part of the error */
    } ROWS[] = {
        {"", "line 1 column 0"},
        {"{", "line 1 column 1"},
        {"{} x", "line 1 column 4"},
        {"{\n \"a\": 1,\n \"a\": 2\n}", "line 3"},
        {"\"alone\"", "line 1"},
        {"{\"a\": \"\xff\"}", "line 1"},
        {"{\"a\": \"\\u0000\"}", "line 1"},
        {"{\"a\": 99999999999999999999}", "line 1"},
        {"[1,]", "line 1"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        json_t *json = NULL;
        struct rb_err err;
        int status = rb_json_parse(ROWS[i].text, strlen(ROWS[i].text), "lock", &json, &err);
        if (status != RB_EINVALID || json != NULL || strncmp(err.text, "lock: ", 6) != 0 ||
            strstr(err.text, ROWS[i].where) == NULL)
            fail_msg("%s: %d %s", ROWS[i].text, status, err.text);
    }
}

static void test_parse_is_bounded_in_depth(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    RB_CLEANUP_FREE char *text = rb_alloc(2 * DEPTH);
    memset(text, '[', DEPTH);
    memset(text + DEPTH, ']', DEPTH);
    json_t *json = NULL;
    assert_int_equal(rb_json_parse(text, 2 * DEPTH, "deep", &json, NULL), RB_EINVALID);
    assert_null(json);
}

static json_t *example(void)
{
    static const char TEXT[] = "{\"text\": \"t\", \"number\": 5, \"real\": 5.5, \"yes\": true,"
                               " \"null\": null, \"list\": []}";
    json_t *json = NULL;
    assert_int_equal(rb_json_parse(TEXT, strlen(TEXT), "example", &json, NULL), 0);
    return json;
}

static void test_typed_reads(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *json = example();
    struct rb_err err;
    const char *text = NULL;
    int64_t number = 0;
    assert_int_equal(rb_json_want_string(json, "lock", "text", &text, &err), 0);
    assert_string_equal(text, "t");
    assert_int_equal(rb_json_want_integer(json, "lock", "number", &number, &err), 0);
    assert_int_equal(number, 5);
    assert_int_equal(rb_json_want_string(json, "lock", "none", &text, &err), RB_EINVALID);
    assert_string_equal(err.text, "lock: \"none\" is missing");
    assert_int_equal(rb_json_want_string(json, "lock", "number", &text, &err), RB_EINVALID);
    assert_string_equal(err.text, "lock: \"number\" is not a string");
    assert_int_equal(rb_json_want_integer(json, "lock", "real", &number, &err), RB_EINVALID);
    assert_string_equal(err.text, "lock: \"real\" is not an integer");
    assert_int_equal(rb_json_want_integer(json, "lock", "none", &number, &err), RB_EINVALID);
    assert_string_equal(rb_json_get_string(json, "text", "other"), "t");
    assert_string_equal(rb_json_get_string(json, "null", "other"), "other");
    assert_string_equal(rb_json_get_string(json, "none", "other"), "other");
    assert_string_equal(rb_json_get_string(NULL, "none", "other"), "other");
    assert_int_equal(rb_json_get_integer(json, "number", 9), 5);
    assert_int_equal(rb_json_get_integer(json, "text", 9), 9);
    assert_true(rb_json_get_bool(json, "yes", false));
    assert_true(rb_json_get_bool(json, "number", true));
    assert_false(rb_json_get_bool(json, "none", false));
}

static void test_build(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *json = rb_json_object();
    json_t *list = rb_json_array();
    rb_json_append_string(list, "one");
    rb_json_append_string(list, NULL);
    rb_json_append(list, rb_json_object());
    rb_json_set_string(json, "b", "text");
    rb_json_set_string(json, "a", NULL);
    rb_json_set_integer(json, "c", INT64_MIN);
    rb_json_set_bool(json, "d", true);
    rb_json_set_time(json, "e", 0);
    rb_json_set_time(json, "f", INT64_C(1795528987000));
    rb_json_set(json, "g", list);
    RB_CLEANUP_FREE char *text = rb_json_canonical(json);
    assert_string_equal(text, "{\"a\":null,\"b\":\"text\",\"c\":-9223372036854775808,\"d\":true,"
                              "\"e\":null,\"f\":\"2026-11-24T14:03:07Z\","
                              "\"g\":[\"one\",null,{}]}");
}

/* What others wrote may be in any encoding: what is UTF-8 in it stays. */
static void test_text_from_outside(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *kept;
    } ROWS[] = {
        {"M\xc3\xbcller", "M\xc3\xbcller"},
        {"M\xc3\xbcller \xff!", "M\xc3\xbcller ?!"},
        {"caf\xe9", "caf?"},
        {"\xe2\x82", "??"},
        {"\xed\xa0\x80", "???"},
        {"a\nb\x01", "a\nb\x01"}, /* JSON has escapes for these */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *json = rb_json_object();
        rb_json_set_string(json, "text", ROWS[i].text);
        assert_string_equal(rb_json_get_string(json, "text", NULL), ROWS[i].kept);
    }
}

static void test_equal_documents_give_equal_text(void **state)
{
    (void)state;
    static const char *const TEXTS[] = {"{\"a\": {\"x\": 1, \"y\": 2}, \"b\": [1, 2]}",
                                        "{ \"b\":[1,2],\n\"a\":{\"y\":2,\"x\":1} }"};
    char *canonical[2];
    for (size_t i = 0; i < 2; i++) {
        RB_CLEANUP_JSON json_t *json = NULL;
        assert_int_equal(rb_json_parse(TEXTS[i], strlen(TEXTS[i]), "it", &json, NULL), 0);
        canonical[i] = rb_json_canonical(json);
    }
    assert_string_equal(canonical[0], "{\"a\":{\"x\":1,\"y\":2},\"b\":[1,2]}");
    assert_string_equal(canonical[0], canonical[1]);
    rb_free(canonical[0]);
    rb_free(canonical[1]);
}

static void test_files(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-json-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", folder);
    RB_CLEANUP_JSON json_t *json = example();
    RB_CLEANUP_JSON json_t *again = NULL;
    struct rb_err err;
    assert_int_equal(rb_json_write_file(path, json, 0600, &err), 0);
    assert_int_equal(rb_json_read_file(path, 4096, &again, &err), 0);
    assert_true(json_equal(json, again));
    json_t *untouched = NULL;
    assert_int_equal(rb_json_read_file(path, 10, &untouched, &err), RB_ELIMIT);
    assert_int_equal(rb_file_write_atomic(path, "{", 1, 0600, &err), 0);
    assert_int_equal(rb_json_read_file(path, 4096, &untouched, &err), RB_EINVALID);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(rb_json_read_file(folder, 4096, &untouched, &err), RB_EINVALID);
    assert_null(untouched);
    assert_int_equal(rb_tree_remove(folder, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_refuses),
        cmocka_unit_test(test_parse_is_bounded_in_depth),
        cmocka_unit_test(test_typed_reads),
        cmocka_unit_test(test_build),
        cmocka_unit_test(test_text_from_outside),
        cmocka_unit_test(test_equal_documents_give_equal_text),
        cmocka_unit_test(test_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
