/* SPDX-License-Identifier: Apache-2.0 */
#include "decode.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { FIELDS_MAXIMUM = 32 };

/* One field of one mapping on its way into the struct. */
struct place {
    const struct rb_decode *decode;
    const struct rb_field *field;
    const char *subject;
    struct rb_mark key_mark;
    void *target;
};

static const char *wanted_kind(enum rb_node_kind kind)
{
    return kind == RB_NODE_SEQUENCE ? "a list" : kind == RB_NODE_MAPPING ? "a mapping" : "text";
}

static const char *write_hint(const struct rb_decode *decode, const char *example)
{
    return rb_arena_printf(decode->arena, "write %s", example);
}

bool rb_decode_expect(const struct rb_decode *decode, const struct rb_node *node,
                      enum rb_node_kind kind, const char *subject, const char *key,
                      const char *example)
{
    if (node->kind == RB_NODE_BROKEN)
        return false;
    if (node->kind == kind && !rb_node_is_null(node))
        return true;
    const char *hint = write_hint(decode, example);
    if (rb_node_is_null(node))
        rb_report_add(decode->report, node->mark, hint, "%s: \"%s\" is empty", subject, key);
    else
        rb_report_add(decode->report, node->mark, hint, "%s: \"%s\" wants %s, not %s", subject, key,
                      wanted_kind(kind), rb_node_kind_text(node));
    return false;
}

static bool expect(const struct place *place, const struct rb_node *node, enum rb_node_kind kind)
{
    return rb_decode_expect(place->decode, node, kind, place->subject, place->field->key,
                            place->field->example);
}

/* A text of a field, read by the field's reader: NULL when something is wrong, and reported. */
static const char *read_text(const struct place *place, const struct rb_node *node)
{
    struct rb_complaint complaint = {0};
    if (!expect(place, node, RB_NODE_SCALAR))
        return NULL;
    const char *value = place->field->read(place->decode->arena, node->text, &complaint);
    if (value == NULL)
        rb_report_add(place->decode->report, node->mark, complaint.hint, "%s: %s %s %s",
                      place->subject, place->field->key,
                      rb_report_quote(place->decode->arena, node->text), complaint.what);
    return value;
}

static int64_t bound_ms(const char *text)
{
    int64_t ms = 0;
    int status = rb_span_parse(text, &ms, NULL);
    RB_ASSERT(status == 0);
    return ms;
}

static void decode_span(const struct place *place, const struct rb_node *node)
{
    const struct rb_field *field = place->field;
    struct rb_arena *arena = place->decode->arena;
    int64_t ms = 0;
    if (!expect(place, node, RB_NODE_SCALAR))
        return;
    const char *what = NULL, *hint = NULL;
    int status = rb_span_parse(node->text, &ms, NULL);
    if (status == RB_EINVALID) {
        what = "is not a span of time";
        hint = "write 30s, 5m, 1h30m or 7d";
    } else if (status != 0 || ms > bound_ms(field->most)) {
        what = "is too long";
        hint = rb_arena_printf(arena, "write %s at most", field->most);
    } else if (ms < bound_ms(field->least)) {
        what = "is too short";
        hint = rb_arena_printf(arena, "write %s at least", field->least);
    }
    if (what != NULL)
        rb_report_add(place->decode->report, node->mark, hint, "%s: %s %s %s", place->subject,
                      field->key, rb_report_quote(arena, node->text), what);
    else
        *(int64_t *)place->target = ms;
}

static void decode_bool(const struct place *place, const struct rb_node *node)
{
    static const char *const words[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    if (node->kind == RB_NODE_BROKEN)
        return;
    for (size_t i = 0; i < RB_COUNT_OF(words); i++) {
        if (node->kind == RB_NODE_SCALAR && node->plain && rb_text_equal(node->text, words[i])) {
            *(bool *)place->target = i < 3;
            return;
        }
    }
    const char *shown = rb_node_kind_text(node);
    if (node->kind == RB_NODE_SCALAR && !rb_node_is_null(node))
        shown = rb_report_quote(place->decode->arena, node->text);
    rb_report_add(place->decode->report, node->mark,
                  node->kind == RB_NODE_SCALAR && !node->plain
                      ? "without quotes"
                      : "\"yes\", \"no\", \"on\" and \"off\" are plain text in YAML 1.2",
                  "%s: \"%s\" wants true or false, not %s", place->subject, place->field->key,
                  shown);
}

/* A list that is not too long, and not empty where its field is required. */
static bool expect_list(const struct place *place, const struct rb_node *node)
{
    if (!expect(place, node, RB_NODE_SEQUENCE))
        return false;
    if (node->count > RB_LIST_MAXIMUM)
        rb_report_add(place->decode->report, node->mark, NULL, "%s: \"%s\" has more than %d items",
                      place->subject, place->field->key, RB_LIST_MAXIMUM);
    else if (node->count == 0 && place->field->required)
        rb_report_add(place->decode->report, node->mark,
                      write_hint(place->decode, place->field->example), "%s: \"%s\" is empty",
                      place->subject, place->field->key);
    else
        return true;
    return false;
}

static bool stands_before(const char *const *texts, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (rb_text_equal(texts[i], text))
            return true;
    }
    return false;
}

static void decode_texts(const struct place *place, const struct rb_node *node)
{
    if (!expect_list(place, node))
        return;
    const char **texts = rb_arena_array(place->decode->arena, node->count + 1, sizeof(char *));
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        const char *text = read_text(place, node->items[i]);
        if (text == NULL)
            continue;
        if (place->field->kind != RB_FIELD_WORDS && stands_before(texts, count, text))
            rb_report_add(place->decode->report, node->items[i]->mark, "keep one of the two",
                          "%s: %s %s stands here again", place->subject, place->field->key,
                          rb_report_quote(place->decode->arena, text));
        else
            texts[count++] = text;
    }
    *(const char *const **)place->target = texts;
}

static void decode_some(const struct place *place, const struct rb_node *node)
{
    if (node->kind == RB_NODE_SEQUENCE) {
        decode_texts(place, node);
        return;
    }
    const char *text = read_text(place, node);
    const char **texts = rb_arena_array(place->decode->arena, 2, sizeof(char *));
    texts[0] = text;
    if (text != NULL)
        *(const char *const **)place->target = texts;
}

static int compare_pairs(const void *a, const void *b)
{
    const struct rb_image_argument *left = a, *right = b;
    return strcmp(left->name, right->name);
}

static void decode_pairs(const struct place *place, const struct rb_node *node)
{
    const struct rb_decode *decode = place->decode;
    if (!expect(place, node, RB_NODE_MAPPING))
        return;
    struct rb_pairs *pairs = place->target;
    pairs->items = rb_arena_array(decode->arena, node->count, sizeof(*pairs->items));
    for (size_t i = 0; i < node->count; i++) {
        const struct rb_node *value = node->pairs[i].value;
        const char *name = read_text(place, node->pairs[i].key);
        if (value->kind == RB_NODE_BROKEN || name == NULL)
            continue;
        if (value->kind != RB_NODE_SCALAR || rb_node_is_null(value))
            rb_report_add(decode->report, value->mark, "for empty text write \"\"",
                          "%s: %s %s wants text, not %s", place->subject, place->field->key,
                          rb_report_quote(decode->arena, name), rb_node_kind_text(value));
        else
            pairs->items[pairs->count++] =
                (struct rb_image_argument){.name = name, .value = value->text};
    }
    qsort(pairs->items, pairs->count, sizeof(*pairs->items), compare_pairs);
}

static void decode_names(const struct place *place, const struct rb_node *node)
{
    const struct rb_node **target = place->target;
    if (!expect_list(place, node))
        return;
    bool good = true;
    for (size_t i = 0; i < node->count; i++)
        good = expect(place, node->items[i], RB_NODE_SCALAR) && good;
    if (good)
        *target = node;
}

static void decode_items(const struct place *place, const struct rb_node *node)
{
    if (!expect(place, node, RB_NODE_MAPPING))
        return;
    if (node->count == 0 && place->field->filled)
        rb_report_add(place->decode->report, node->mark,
                      write_hint(place->decode, place->field->example), "%s: \"%s\" is empty",
                      place->subject, place->field->key);
    *(const struct rb_node **)place->target = node;
}

static void decode_inner(const struct place *place, const struct rb_node *node)
{
    const struct rb_decode *decode = place->decode;
    if (!expect(place, node, RB_NODE_MAPPING))
        return;
    if (node->count == 0 && place->field->filled)
        rb_report_add(decode->report, node->mark, write_hint(decode, place->field->example),
                      "%s: \"%s\" is empty", place->subject, place->field->key);
    else
        rb_decode_block(decode, node, place->key_mark,
                        rb_arena_printf(decode->arena, "%s: %s", place->subject, place->field->key),
                        place->field->block, place->target);
}

static void decode_value(const struct place *place, const struct rb_node *node)
{
    const char *text;
    switch (place->field->kind) {
    case RB_FIELD_TEXT:
        text = read_text(place, node);
        if (text != NULL)
            *(const char **)place->target = text;
        break;
    case RB_FIELD_SPAN:
        decode_span(place, node);
        break;
    case RB_FIELD_BOOL:
        decode_bool(place, node);
        break;
    case RB_FIELD_SET:
    case RB_FIELD_WORDS:
        decode_texts(place, node);
        break;
    case RB_FIELD_SOME:
        decode_some(place, node);
        break;
    case RB_FIELD_PAIRS:
        decode_pairs(place, node);
        break;
    case RB_FIELD_NAME:
        if (expect(place, node, RB_NODE_SCALAR))
            *(const struct rb_node **)place->target = node;
        break;
    case RB_FIELD_NAMES:
        decode_names(place, node);
        break;
    case RB_FIELD_ITEMS:
        decode_items(place, node);
        break;
    case RB_FIELD_BLOCK:
        decode_inner(place, node);
        break;
    }
}

static void report_unknown(const struct rb_decode *decode, const struct rb_node *key,
                           const char *subject, const struct rb_field *fields)
{
    const char *keys[FIELDS_MAXIMUM + 1] = {0};
    const char *all = NULL, *hint;
    for (size_t i = 0; fields[i].key != NULL; i++) {
        RB_ASSERT(i < FIELDS_MAXIMUM);
        keys[i] = fields[i].key;
        all = all == NULL ? keys[i] : rb_arena_printf(decode->arena, "%s, %s", all, keys[i]);
    }
    const char *nearest = rb_text_nearest(key->text, keys);
    if (rb_text_equal(key->text, "<<"))
        hint = "YAML 1.2 merges no mappings: write the keys out";
    else if (nearest != NULL)
        hint = rb_arena_printf(decode->arena, "did you mean \"%s\"?", nearest);
    else
        hint = rb_arena_printf(decode->arena, "known here: %s", all);
    rb_report_add(decode->report, key->mark, hint, "%s: unknown key %s", subject,
                  rb_report_quote(decode->arena, key->text));
}

static const struct rb_field *find_field(const struct rb_field *fields, const char *key)
{
    while (fields->key != NULL && !rb_text_equal(fields->key, key))
        fields++;
    return fields->key == NULL ? NULL : fields;
}

const struct rb_node *rb_decode_find(const struct rb_node *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i++) {
        if (rb_text_equal(mapping->pairs[i].key->text, key))
            return mapping->pairs[i].value;
    }
    return NULL;
}

void rb_decode_block(const struct rb_decode *decode, const struct rb_node *mapping,
                     struct rb_mark at, const char *subject, const struct rb_field *fields,
                     void *out)
{
    for (size_t i = 0; i < mapping->count; i++) {
        const struct rb_pair *pair = &mapping->pairs[i];
        struct place place = {.decode = decode,
                              .field = find_field(fields, pair->key->text),
                              .subject = subject,
                              .key_mark = pair->key->mark};
        if (place.field == NULL) {
            if (!rb_report_is_full(decode->report))
                report_unknown(decode, pair->key, subject, fields);
            else
                rb_report_add(decode->report, pair->key->mark, NULL, "%s: unknown key", subject);
            continue;
        }
        place.target = (char *)out + place.field->offset;
        decode_value(&place, pair->value);
    }
    for (const struct rb_field *field = fields; field->key != NULL; field++) {
        if (field->required && rb_decode_find(mapping, field->key) == NULL)
            rb_report_add(decode->report, at, write_hint(decode, field->example),
                          "%s: \"%s\" is missing", subject, field->key);
    }
}
