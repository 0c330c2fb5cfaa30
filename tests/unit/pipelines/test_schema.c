/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema and the parser's tables hold the same keys: walked side by side from each object of
 * the schema, with what is required and of which type. That they judge files alike is checked by
 * check-schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model.h"
#include "policy_parts.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "settings_parts.h"
#include "source_kind.h"

#define SCHEMA REBAKE_TEST_DIR "/../docs/reference/pipeline.schema.json"
#define MANUAL REBAKE_TEST_DIR "/../docs/man/rebake-pipeline.5.scd"

#define SETTINGS_SCHEMA REBAKE_TEST_DIR "/../docs/reference/settings.schema.json"
#define SETTINGS_MANUAL REBAKE_TEST_DIR "/../docs/man/rebaked.conf.5.scd"

#define POLICY_SCHEMA REBAKE_TEST_DIR "/../docs/reference/policy.schema.json"
#define POLICY_MANUAL REBAKE_TEST_DIR "/../docs/man/rebake-policy.5.scd"

static json_t *read_schema(const char *path)
{
    json_t *schema = NULL;
    struct rb_err err;
    if (rb_json_read_file(path, 1 << 20, &schema, &err) != 0)
        fail_msg("%s", err.text);
    return schema;
}

static const json_t *definition(const json_t *schema, const char *name)
{
    const json_t *found = json_object_get(json_object_get(schema, "$defs"), name);
    if (found == NULL)
        fail_msg("the schema has no $defs/%s", name);
    return found;
}

/* What a "$ref" stands for; the node itself when it has none. */
static const json_t *follow(const json_t *schema, const json_t *node)
{
    const char *reference = rb_json_get_string(node, "$ref", NULL);
    if (reference == NULL)
        return node;
    assert_true(rb_text_starts_with(reference, "#/$defs/"));
    return definition(schema, reference + strlen("#/$defs/"));
}

static bool has_type(const json_t *node, const char *type)
{
    const json_t *types = json_object_get(node, "type"), *item;
    size_t i;
    if (json_is_string(json_object_get(node, "const")))
        return rb_text_equal(type, "string");
    if (json_is_string(types))
        return rb_text_equal(json_string_value(types), type);
    json_array_foreach(types, i, item)
    {
        if (rb_text_equal(json_string_value(item), type))
            return true;
    }
    return false;
}

static const char *type_of(enum rb_field_kind kind)
{
    static const char *const types[] = {
        [RB_FIELD_TEXT] = "string",  [RB_FIELD_SPAN] = "string", [RB_FIELD_BOOL] = "boolean",
        [RB_FIELD_SET] = "array",    [RB_FIELD_WORDS] = "array", [RB_FIELD_PAIRS] = "object",
        [RB_FIELD_BLOCK] = "object", [RB_FIELD_NAME] = "string", [RB_FIELD_NAMES] = "array",
        [RB_FIELD_ITEMS] = "object", [RB_FIELD_SOME] = "array",
    };
    return types[kind];
}

static bool is_required(const json_t *node, const char *key)
{
    size_t i;
    const json_t *item;
    json_array_foreach(json_object_get(node, "required"), i, item)
    {
        if (rb_text_equal(json_string_value(item), key))
            return true;
    }
    return false;
}

/* Compares an object of the schema with a table and all below it. Returns how many objects with
   keys of their own it went through, each definition that several share but once: they are kept in
   `shared`. */
static size_t compare(const json_t *schema, const char *where, const json_t *node,
                      const struct rb_field *fields, json_t *shared)
{
    const json_t *properties = json_object_get(node, "properties");
    size_t count = 0, objects = 1, required = 0;
    if (!json_is_false(json_object_get(node, "additionalProperties")))
        fail_msg("%s: takes unknown keys", where);
    for (; fields[count].key != NULL; count++) {
        const struct rb_field *field = &fields[count];
        const json_t *property = json_object_get(properties, field->key);
        RB_CLEANUP_FREE char *path = rb_asprintf("%s.%s", where, field->key);
        if (property == NULL)
            fail_msg("%s: is in the parser and not in the schema", path);
        const char *name = rb_json_get_string(property, "$ref", NULL);
        bool again = name != NULL && json_object_get(shared, name) != NULL;
        if (name != NULL)
            rb_json_set_bool(shared, name, true);
        property = follow(schema, property);
        if (!has_type(property, type_of(field->kind)))
            fail_msg("%s: is not of type %s in the schema", path, type_of(field->kind));
        if (is_required(node, field->key) != field->required)
            fail_msg("%s: is required in only one of the two", path);
        bool differ = field->kind == RB_FIELD_SET || field->kind == RB_FIELD_SOME;
        if (json_is_true(json_object_get(property, "uniqueItems")) != differ)
            fail_msg("%s: takes an item again in only one of the two", path);
        required += field->required;
        if (field->kind == RB_FIELD_BLOCK) {
            size_t below = compare(schema, path, property, field->block, shared);
            objects += again ? 0 : below;
        }
    }
    if (json_object_size(properties) != count)
        fail_msg("%s: has keys in the schema that the parser does not know", where);
    assert_int_equal(json_array_size(json_object_get(node, "required")), required);
    return objects;
}

static size_t count_objects(const json_t *node)
{
    size_t count = json_is_object(json_object_get(node, "properties")) &&
                   json_is_false(json_object_get(node, "additionalProperties"));
    size_t i;
    const char *key;
    const json_t *value;
    json_array_foreach(node, i, value) count += count_objects(value);
    json_object_foreach((json_t *)node, key, value) count += count_objects(value);
    return count;
}

static void the_schema_and_the_tables_hold_the_same_keys(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct rb_field *fields;
    } definitions[] = {{"image", rb_image_fields},
                       {"deployment", rb_deployment_fields},
                       {"policy", rb_policy_choice_fields}};
    RB_CLEANUP_JSON json_t *schema = read_schema(SCHEMA);
    RB_CLEANUP_JSON json_t *shared = rb_json_object();
    size_t objects = compare(schema, "pipeline", schema, rb_pipeline_fields, shared);
    for (size_t i = 0; i < RB_COUNT_OF(definitions); i++)
        objects += compare(schema, definitions[i].name, definition(schema, definitions[i].name),
                           definitions[i].fields, shared);
    for (size_t i = 0; i < rb_source_kinds; i++) {
        const struct rb_source_language *kind = rb_source_language((enum rb_source_kind)i);
        RB_CLEANUP_FREE char *name = rb_asprintf("%sSource", kind->name);
        objects += compare(schema, name, definition(schema, name), kind->fields, shared);
    }
    assert_int_equal(objects, count_objects(schema));
}

static void the_schema_of_settings_holds_the_keys_of_its_tables(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *schema = read_schema(SETTINGS_SCHEMA);
    RB_CLEANUP_JSON json_t *shared = rb_json_object();
    size_t objects = compare(schema, "settings", schema, rb_settings_fields, shared);
    objects += compare(schema, "hook", definition(schema, "hook"), rb_hook_fields, shared);
    assert_int_equal(objects, count_objects(schema));
}

static void the_schema_of_policies_holds_the_keys_of_its_tables(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct rb_field *fields;
    } definitions[] = {{"window", rb_policy_window_fields},
                       {"waiver", rb_policy_waiver_fields},
                       {"rule", rb_policy_rule_fields}};
    RB_CLEANUP_JSON json_t *schema = read_schema(POLICY_SCHEMA);
    RB_CLEANUP_JSON json_t *shared = rb_json_object();
    size_t objects = compare(schema, "policy", schema, rb_policy_fields, shared);
    for (size_t i = 0; i < RB_COUNT_OF(definitions); i++)
        objects += compare(schema, definitions[i].name, definition(schema, definitions[i].name),
                           definitions[i].fields, shared);
    assert_int_equal(objects, count_objects(schema));
}

/* ", KEY: VALUE" for each key of an object that has a default: JSON is YAML. */
static char *defaults_of(const json_t *object)
{
    struct rb_strbuf text = RB_STRBUF_INIT(4096);
    const char *key;
    const json_t *property;
    rb_strbuf_puts(&text, "");
    json_object_foreach(json_object_get(object, "properties"), key, property)
    {
        const json_t *value = json_object_get(property, "default");
        if (value == NULL)
            continue;
        RB_CLEANUP_FREE char *written = rb_json_canonical(value);
        rb_strbuf_printf(&text, ", %s: %s", key, written);
    }
    return rb_strbuf_steal(&text);
}

static const json_t *property_of(const json_t *object, const char *key)
{
    return json_object_get(json_object_get(object, "properties"), key);
}

/* A pipeline in which every default of the schema is said, or none is; the caller frees it. */
static struct rb_pipeline *pipeline_with_defaults(bool said)
{
    RB_CLEANUP_JSON json_t *schema = read_schema(SCHEMA);
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    const json_t *image = definition(schema, "image");
    const json_t *deployment = definition(schema, "deployment");
    const json_t *const objects[] = {
        definition(schema, "gitSource"),
        definition(schema, "imageSource"),
        property_of(image, "context"),
        property_of(image, "rebuild"),
        image,
        definition(schema, "podman"),
        property_of(deployment, "health"),
        property_of(deployment, "observe"),
    };
    char *defaults[RB_COUNT_OF(objects)];
    for (size_t i = 0; i < RB_COUNT_OF(objects); i++)
        defaults[i] = said ? defaults_of(objects[i]) : rb_strdup("");
    RB_CLEANUP_FREE char *text =
        rb_asprintf("{ apiVersion: rebake/v1, pipeline: shop, sources: {\n"
                    "  code: { git: https://git.example.com/shop.git, branch: main%s },\n"
                    "  debian: { image: debian, tag: bookworm%s } },\n"
                    "images: { app: { from: debian, push: registry.example.com/app,\n"
                    "  context: { source: code%s }, rebuild: { %s }%s } },\n"
                    "deploy: { live: { images: [app], target: { podman: { %s } },\n"
                    "  health: { command: [\"true\"]%s }, observe: { %s } } } }\n",
                    defaults[0], defaults[1], defaults[2], defaults[3] + 2 * said, defaults[4],
                    defaults[5] + 2 * said, defaults[6], defaults[7] + 2 * said);
    for (size_t i = 0; i < RB_COUNT_OF(objects); i++)
        rb_free(defaults[i]);
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    if (rb_pipeline_parse(text, strlen(text), "shop.yaml", &pipeline, &diagnostics, &err) != 0)
        fail_msg("%s: %s\n%s", err.text, diagnostics.items[0].message, text);
    return pipeline;
}

static void a_default_that_is_said_changes_nothing(void **state)
{
    (void)state;
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *unsaid = pipeline_with_defaults(false);
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *said = pipeline_with_defaults(true);
    assert_string_not_equal(unsaid->content_hash, said->content_hash);
    for (size_t i = 0; i < unsaid->source_count; i++)
        assert_int_equal(unsaid->sources[i].every_ms, said->sources[i].every_ms);
    const struct rb_image *app = unsaid->images, *said_app = said->images;
    assert_string_equal(app->recipe_hash, said_app->recipe_hash);
    assert_int_equal(app->timeout_ms, said_app->timeout_ms);
    assert_int_equal(app->settle_ms, said_app->settle_ms);
    const struct rb_deployment *live = unsaid->deployments, *said_live = said->deployments;
    assert_int_equal(live->podman.read_only, said_live->podman.read_only);
    assert_string_equal(live->podman.drop[0], said_live->podman.drop[0]);
    assert_null(said_live->podman.drop[1]);
    assert_int_equal(live->health_within_ms, said_live->health_within_ms);
    assert_int_equal(live->observe_every_ms, said_live->observe_every_ms);
    assert_int_equal(live->heal, said_live->heal);
}

static char *read_manual(const char *path)
{
    char *manual = NULL;
    struct rb_err err;
    if (rb_file_read(path, 1 << 20, &manual, NULL, &err) != 0)
        fail_msg("%s", err.text);
    return manual;
}

/* Fails unless the manual has each key of the table, in bold, and each of the tables below. */
static void find_in_manual(const char *manual, const struct rb_field *fields)
{
    for (; fields->key != NULL; fields++) {
        RB_CLEANUP_FREE char *shown = rb_asprintf("*%s*: ", fields->key);
        if (strstr(manual, shown) == NULL)
            fail_msg("the manual does not tell of \"%s\"", fields->key);
        if (fields->kind == RB_FIELD_BLOCK)
            find_in_manual(manual, fields->block);
    }
}

static void the_manual_tells_of_every_key(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *manual = read_manual(MANUAL);
    RB_CLEANUP_FREE char *settings = read_manual(SETTINGS_MANUAL);
    RB_CLEANUP_FREE char *policies = read_manual(POLICY_MANUAL);
    find_in_manual(policies, rb_policy_fields);
    find_in_manual(policies, rb_policy_window_fields);
    find_in_manual(policies, rb_policy_rule_fields);
    find_in_manual(policies, rb_policy_waiver_fields);
    find_in_manual(settings, rb_settings_fields);
    find_in_manual(settings, rb_hook_fields);
    find_in_manual(manual, rb_pipeline_fields);
    for (size_t i = 0; i < rb_source_kinds; i++)
        find_in_manual(manual, rb_source_language((enum rb_source_kind)i)->fields);
    find_in_manual(manual, rb_image_fields);
    find_in_manual(manual, rb_deployment_fields);
    find_in_manual(manual, rb_policy_choice_fields);
}

/* The manual's example, between the first two lines of three backticks, is a pipeline. */
static void the_example_of_the_manual_is_good(void **state)
{
    (void)state;
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    RB_CLEANUP_FREE char *manual = NULL;
    struct rb_err err;
    assert_int_equal(rb_file_read(MANUAL, 1 << 20, &manual, NULL, &err), 0);
    const char *begin = strstr(manual, "\n```\n");
    assert_non_null(begin);
    begin += strlen("\n```\n");
    const char *end = strstr(begin, "\n```\n");
    assert_non_null(end);
    if (rb_pipeline_parse(begin, (size_t)(end - begin), "example.yaml", &pipeline, &diagnostics,
                          &err) != 0)
        fail_msg("%s: line %d: %s", err.text, diagnostics.items[0].place.line,
                 diagnostics.items[0].message);
    assert_int_equal(pipeline->image_count, 2);
    assert_int_equal(pipeline->deployment_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_and_the_tables_hold_the_same_keys),
        cmocka_unit_test(the_schema_of_settings_holds_the_keys_of_its_tables),
        cmocka_unit_test(the_schema_of_policies_holds_the_keys_of_its_tables),
        cmocka_unit_test(a_default_that_is_said_changes_nothing),
        cmocka_unit_test(the_manual_tells_of_every_key),
        cmocka_unit_test(the_example_of_the_manual_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
