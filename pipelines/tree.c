/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml's events to nodes. libyaml bounds neither depth, nor nodes, nor what aliases stand for,
 * so this does: a node is counted when it begins, an alias with all that it stands for, and reading
 * ends at the first limit. What is wrong with a single node only breaks that node.
 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "syntax.h"

struct frame {
    struct rb_node *node;
    const struct rb_node *key; /* of a mapping: read, and its value not yet */
    size_t capacity;
};

struct anchor {
    const char *name;
    const struct rb_node *node;
};

struct reader {
    yaml_parser_t parser;
    struct rb_arena *arena;
    struct rb_report *report;
    struct frame frames[RB_TREE_DEPTH_MAXIMUM];
    size_t depth;
    size_t node_count;
    size_t alias_count;
    struct anchor anchors[RB_TREE_ALIASES_MAXIMUM];
    size_t anchor_count;
    const struct rb_node *root;
};

static struct rb_mark start_of(const yaml_event_t *event)
{
    return (struct rb_mark){.line = (int)event->start_mark.line + 1,
                            .column = (int)event->start_mark.column + 1};
}

static bool count_nodes(struct reader *reader, struct rb_mark mark, size_t weight)
{
    reader->node_count += weight;
    if (reader->node_count <= RB_TREE_NODES_MAXIMUM)
        return true;
    rb_report_add(reader->report, mark, "split the pipeline",
                  "the file holds more than %d values, with what its aliases stand for",
                  RB_TREE_NODES_MAXIMUM);
    return false;
}

/* A list or mapping opens at depth levels above it; an alias brings its height along. */
static bool check_depth(struct reader *reader, struct rb_mark mark, size_t levels)
{
    if (reader->depth + levels <= RB_TREE_DEPTH_MAXIMUM)
        return true;
    rb_report_add(reader->report, mark, NULL, "lists and mappings are nested more than %d deep",
                  RB_TREE_DEPTH_MAXIMUM);
    return false;
}

static bool add_anchor(struct reader *reader, struct rb_mark mark, const yaml_char_t *name,
                       const struct rb_node *node)
{
    if (name == NULL)
        return true;
    if (reader->anchor_count == RB_TREE_ALIASES_MAXIMUM) {
        rb_report_add(reader->report, mark, NULL, "the file has more than %d anchors",
                      RB_TREE_ALIASES_MAXIMUM);
        return false;
    }
    reader->anchors[reader->anchor_count++] =
        (struct anchor){.name = rb_arena_strdup(reader->arena, (const char *)name), .node = node};
    return true;
}

static void refuse_tag(struct reader *reader, struct rb_mark mark, const yaml_char_t *tag)
{
    if (tag != NULL)
        rb_report_add(reader->report, mark, "remove it", "tag %s has no meaning here",
                      rb_report_quote(reader->arena, (const char *)tag));
}

static struct rb_node *new_node(struct reader *reader, enum rb_node_kind kind, struct rb_mark mark)
{
    struct rb_node *node = rb_arena_alloc(reader->arena, sizeof(*node));
    node->kind = kind;
    node->mark = mark;
    return node;
}

static const struct rb_node *as_key(struct reader *reader, const struct rb_node *node)
{
    if (node->kind == RB_NODE_SCALAR || node->kind == RB_NODE_BROKEN)
        return node;
    rb_report_add(reader->report, node->mark, "write key: value", "a key is %s, not text",
                  rb_node_kind_text(node));
    return new_node(reader, RB_NODE_BROKEN, node->mark);
}

/* Puts a finished node to where reading stands. */
static void place(struct reader *reader, const struct rb_node *node)
{
    if (reader->depth == 0) {
        reader->root = node;
        return;
    }
    struct frame *frame = &reader->frames[reader->depth - 1];
    struct rb_node *parent = frame->node;
    if (parent->kind == RB_NODE_SEQUENCE) {
        parent->items = rb_arena_grow(reader->arena, parent->items, parent->count, &frame->capacity,
                                      sizeof(struct rb_node *));
        parent->items[parent->count++] = node;
    } else if (frame->key == NULL) {
        frame->key = as_key(reader, node);
        return;
    } else {
        parent->pairs = rb_arena_grow(reader->arena, parent->pairs, parent->count, &frame->capacity,
                                      sizeof(*parent->pairs));
        parent->pairs[parent->count++] = (struct rb_pair){.key = frame->key, .value = node};
        frame->key = NULL;
    }
    if (node->height + 1 > parent->height)
        parent->height = node->height + 1;
}

static bool read_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct rb_mark mark = start_of(event);
    const char *text = (const char *)event->data.scalar.value;
    struct rb_node *node = new_node(reader, RB_NODE_SCALAR, mark);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->text = rb_arena_strndup(reader->arena, text, event->data.scalar.length);
    node->weight = 1;
    refuse_tag(reader, mark, event->data.scalar.tag);
    if (strlen(node->text) != event->data.scalar.length) {
        rb_report_add(reader->report, mark, "remove the \"\\0\"", "text holds a NUL character");
        node->kind = RB_NODE_BROKEN;
    }
    if (!count_nodes(reader, mark, 1) || !add_anchor(reader, mark, event->data.scalar.anchor, node))
        return false;
    place(reader, node);
    return true;
}

static bool open_node(struct reader *reader, const yaml_event_t *event, enum rb_node_kind kind)
{
    bool sequence = kind == RB_NODE_SEQUENCE;
    struct rb_mark mark = start_of(event);
    struct rb_node *node = new_node(reader, kind, mark);
    refuse_tag(reader, mark,
               sequence ? event->data.sequence_start.tag : event->data.mapping_start.tag);
    if (!count_nodes(reader, mark, 1) || !check_depth(reader, mark, 1) ||
        !add_anchor(reader, mark,
                    sequence ? event->data.sequence_start.anchor : event->data.mapping_start.anchor,
                    node))
        return false;
    reader->frames[reader->depth++] = (struct frame){.node = node};
    return true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct rb_pair *const *left = a, *const *right = b;
    int order = strcmp((*left)->key->text, (*right)->key->text);
    if (order != 0)
        return order;
    return *left < *right ? -1 : *left > *right; /* the order of the file */
}

/* Drops the pairs whose key is broken, and reports and drops those whose key was there before. */
static void check_keys(struct reader *reader, struct rb_node *node)
{
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        if (node->pairs[i].key->kind == RB_NODE_SCALAR)
            node->pairs[count++] = node->pairs[i];
    }
    struct rb_pair **sorted = rb_arena_array(reader->arena, count, sizeof(struct rb_pair *));
    for (size_t i = 0; i < count; i++)
        sorted[i] = &node->pairs[i];
    qsort(sorted, count, sizeof(struct rb_pair *), compare_keys);
    for (size_t i = 1, first = 0; i < count; i++) {
        const struct rb_node *key = sorted[i]->key;
        if (!rb_text_equal(sorted[first]->key->text, key->text)) {
            first = i;
            continue;
        }
        rb_report_add(reader->report, key->mark, "keep one of the two",
                      "key %s stands here again, after line %d",
                      rb_report_quote(reader->arena, key->text), sorted[first]->key->mark.line);
        sorted[i]->value = NULL;
    }
    node->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (node->pairs[i].value != NULL)
            node->pairs[node->count++] = node->pairs[i];
    }
}

static void close_node(struct reader *reader)
{
    struct rb_node *node = reader->frames[reader->depth - 1].node;
    node->weight = 1;
    for (size_t i = 0; i < node->count; i++)
        node->weight += node->kind == RB_NODE_SEQUENCE
                            ? node->items[i]->weight
                            : node->pairs[i].key->weight + node->pairs[i].value->weight;
    if (node->kind == RB_NODE_MAPPING)
        check_keys(reader, node);
    reader->depth--;
    place(reader, node);
}

static const struct rb_node *anchored(const struct reader *reader, const char *name)
{
    for (size_t i = reader->anchor_count; i > 0; i--) {
        if (rb_text_equal(reader->anchors[i - 1].name, name))
            return reader->anchors[i - 1].node;
    }
    return NULL;
}

static bool read_alias(struct reader *reader, const yaml_event_t *event)
{
    struct rb_mark mark = start_of(event);
    const char *name = (const char *)event->data.alias.anchor;
    const struct rb_node *node = anchored(reader, name);
    if (++reader->alias_count > RB_TREE_ALIASES_MAXIMUM) {
        rb_report_add(reader->report, mark, NULL, "the file has more than %d aliases",
                      RB_TREE_ALIASES_MAXIMUM);
        return false;
    }
    if (node == NULL || node->weight == 0) {
        if (node == NULL)
            rb_report_add(reader->report, mark, "write the value with its anchor above the alias",
                          "alias \"*%.40s\" has no anchor before it", name);
        else
            rb_report_add(reader->report, mark, "write the value out",
                          "alias \"*%.40s\" stands inside of what it names", name);
        node = new_node(reader, RB_NODE_BROKEN, mark);
    }
    if (!count_nodes(reader, mark, node->weight + 1) || !check_depth(reader, mark, node->height))
        return false;
    place(reader, node);
    return true;
}

/* Takes one event. False when reading ends here. */
static bool take(struct reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root == NULL)
            return true;
        rb_report_add(reader->report, start_of(event), "put it in a file of its own",
                      "a second document begins here");
        return false;
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event);
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(reader, event, RB_NODE_SEQUENCE);
    case YAML_MAPPING_START_EVENT:
        return open_node(reader, event, RB_NODE_MAPPING);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        close_node(reader);
        return true;
    case YAML_STREAM_END_EVENT:
        return false;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    default:
        return true;
    }
}

/* False when the text is not YAML, and then what was read of it is not worth looking at. */
static bool read_events(struct reader *reader, const char *data, size_t size)
{
    bool more = true;
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&reader->parser, &event)) {
            rb_syntax_report(reader->report, &reader->parser, data, size);
            return false;
        }
        more = take(reader, &event);
        yaml_event_delete(&event);
    }
    return true;
}

const struct rb_node *rb_tree_read(const char *data, size_t size, struct rb_arena *arena,
                                   struct rb_report *report)
{
    if (rb_syntax_report_encoding(report, data, size) ||
        rb_syntax_report_directive(report, data, size))
        return NULL;
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) { /* a byte order mark takes no column */
        data += 3;
        size -= 3;
    }
    RB_CLEANUP_FREE struct reader *reader = rb_zalloc(sizeof(*reader));
    reader->arena = arena;
    reader->report = report;
    RB_ASSERT(yaml_parser_initialize(&reader->parser) == 1);
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)data, size);
    bool whole = read_events(reader, data, size);
    yaml_parser_delete(&reader->parser);
    return whole && reader->depth == 0 ? reader->root : NULL;
}

bool rb_node_is_null(const struct rb_node *node)
{
    if (node->kind != RB_NODE_SCALAR || !node->plain)
        return false;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < RB_COUNT_OF(nulls); i++) {
        if (rb_text_equal(node->text, nulls[i]))
            return true;
    }
    return false;
}

const char *rb_node_kind_text(const struct rb_node *node)
{
    switch (node->kind) {
    case RB_NODE_SEQUENCE:
        return "a list";
    case RB_NODE_MAPPING:
        return "a mapping";
    case RB_NODE_SCALAR:
    case RB_NODE_BROKEN:
    default:
        return rb_node_is_null(node) ? "nothing" : "text";
    }
}
