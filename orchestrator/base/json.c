/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/json.h"

#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

void rb_json_cleanup(json_t **json)
{
    json_decref(*json);
}

int rb_json_parse(const char *data, size_t size, const char *what, json_t **ret_json,
                  struct rb_err *err)
{
    json_error_t error;
    json_t *json = json_loadb(data, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL)
        return rb_err_set(err, RB_EINVALID, "%s: line %d column %d: %s", what, error.line,
                          error.column, error.text);
    *ret_json = json;
    return 0;
}

int rb_json_read_file(const char *path, size_t maximum, json_t **ret_json, struct rb_err *err)
{
    RB_CLEANUP_FREE char *data = NULL;
    size_t size = 0;
    int status = rb_file_read(path, maximum, &data, &size, err);
    if (status != 0)
        return status;
    return rb_json_parse(data, size, path, ret_json, err);
}

static char *dump(const json_t *json, size_t flags)
{
    char *text = json_dumps(json, flags | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
    RB_ASSERT(text != NULL);
    return text;
}

char *rb_json_canonical(const json_t *json)
{
    return dump(json, JSON_COMPACT | JSON_SORT_KEYS);
}

char *rb_json_pretty(const json_t *json)
{
    return dump(json, JSON_INDENT(2));
}

int rb_json_write_file(const char *path, const json_t *json, mode_t mode, struct rb_err *err)
{
    RB_CLEANUP_FREE char *text = rb_json_pretty(json);
    return rb_file_write_atomic(path, text, strlen(text), mode, err);
}

int rb_json_want_string(const json_t *object, const char *what, const char *member,
                        const char **ret_text, struct rb_err *err)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_string(value))
        return rb_err_set(err, RB_EINVALID, "%s: \"%s\" is %s", what, member,
                          value == NULL ? "missing" : "not a string");
    *ret_text = json_string_value(value);
    return 0;
}

int rb_json_want_integer(const json_t *object, const char *what, const char *member,
                         int64_t *ret_value, struct rb_err *err)
{
    const json_t *value = json_object_get(object, member);
    if (!json_is_integer(value))
        return rb_err_set(err, RB_EINVALID, "%s: \"%s\" is %s", what, member,
                          value == NULL ? "missing" : "not an integer");
    *ret_value = json_integer_value(value);
    return 0;
}

const char *rb_json_get_string(const json_t *object, const char *member, const char *fallback)
{
    const json_t *value = json_object_get(object, member);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t rb_json_get_integer(const json_t *object, const char *member, int64_t fallback)
{
    const json_t *value = json_object_get(object, member);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool rb_json_get_bool(const json_t *object, const char *member, bool fallback)
{
    const json_t *value = json_object_get(object, member);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static json_t *text_value(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    RB_CLEANUP_FREE char *copy = rb_strdup(text);
    size_t left = strlen(copy);
    for (char *at = copy; left > 0;) {
        size_t size = rb_text_utf8_sequence(at, left);
        if (size == 0) {
            *at = '?';
            size = 1;
        }
        at += size;
        left -= size;
    }
    value = json_string(copy);
    RB_ASSERT(value != NULL);
    return value;
}

json_t *rb_json_object(void)
{
    json_t *object = json_object();
    RB_ASSERT(object != NULL);
    return object;
}

json_t *rb_json_array(void)
{
    json_t *array = json_array();
    RB_ASSERT(array != NULL);
    return array;
}

void rb_json_set(json_t *object, const char *member, json_t *value)
{
    RB_ASSERT(value != NULL && json_object_set_new(object, member, value) == 0);
}

void rb_json_set_string(json_t *object, const char *member, const char *text)
{
    rb_json_set(object, member, text_value(text));
}

void rb_json_set_integer(json_t *object, const char *member, int64_t value)
{
    rb_json_set(object, member, json_integer(value));
}

void rb_json_set_bool(json_t *object, const char *member, bool value)
{
    rb_json_set(object, member, json_boolean(value));
}

void rb_json_set_time(json_t *object, const char *member, int64_t at)
{
    char text[RB_TIME_TEXT_SIZE];
    rb_json_set_string(object, member, at == 0 ? NULL : rb_time_format(at, text));
}

void rb_json_append(json_t *array, json_t *value)
{
    RB_ASSERT(value != NULL && json_array_append_new(array, value) == 0);
}

void rb_json_append_string(json_t *array, const char *text)
{
    rb_json_append(array, text_value(text));
}
