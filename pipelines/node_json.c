/* SPDX-License-Identifier: Apache-2.0 */
#include "node_json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/text.h"

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0 || strcmp(text, c) == 0;
}

/* Nothing but what the schema takes for a number: strtod(3) would take "inf" and "0x1p3". */
static bool looks_like_a_number(const char *text)
{
    return text[strspn(text, "0123456789+-.eE")] == '\0' && strpbrk(text, "0123456789") != NULL;
}

static json_t *scalar(const struct rb_node *node)
{
    const char *text = node->text;
    int64_t integer;
    char *end;
    if (!node->plain)
        return json_string(text);
    if (rb_node_is_null(node))
        return json_null();
    if (is_one_of(text, "true", "True", "TRUE"))
        return json_true();
    if (is_one_of(text, "false", "False", "FALSE"))
        return json_false();
    if (rb_text_to_i64(text, &integer))
        return json_integer(integer);
    if (!looks_like_a_number(text))
        return json_string(text);
    errno = 0;
    double number = strtod(text, &end);
    return *end == '\0' && errno == 0 && isfinite(number) ? json_real(number) : json_string(text);
}

json_t *rb_node_to_json(const struct rb_node *node)
{
    json_t *json;
    switch (node->kind) {
    case RB_NODE_SCALAR:
        return scalar(node);
    case RB_NODE_SEQUENCE:
        json = rb_json_array();
        for (size_t i = 0; i < node->count; i++)
            rb_json_append(json, rb_node_to_json(node->items[i]));
        return json;
    case RB_NODE_MAPPING:
        json = rb_json_object();
        for (size_t i = 0; i < node->count; i++)
            rb_json_set(json, node->pairs[i].key->text, rb_node_to_json(node->pairs[i].value));
        return json;
    case RB_NODE_BROKEN:
        break;
    }
    return json_null();
}
