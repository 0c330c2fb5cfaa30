/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "vex_parts.h"

/* A vulnerability is an object with a name, in 0.0.x its name alone. */
static const char *const *read_vulnerabilities(const struct vex_reader *reader, const json_t *json)
{
    struct rb_arena *arena = reader->vex->arena;
    struct vex_texts names = {0};
    size_t i;
    const json_t *alias;
    if (json_is_string(json))
        vex_add_text(arena, &names, json_string_value(json));
    vex_add_text(arena, &names, rb_json_get_string(json, "name", ""));
    json_array_foreach(json_object_get(json, "aliases"), i, alias)
        vex_add_text(arena, &names, json_string_value(alias));
    return vex_texts(arena, &names);
}

/* All that a component is called by: "@id", its identifiers and hashes; or a text. */
static void add_names(struct rb_arena *arena, const json_t *component, struct vex_texts *names)
{
    const char *key;
    const json_t *value;
    if (json_is_string(component))
        vex_add_text(arena, names, json_string_value(component));
    vex_add_text(arena, names, rb_json_get_string(component, "@id", ""));
    vex_add_text(arena, names,
                 rb_json_get_string(json_object_get(component, "identifiers"), "purl", ""));
    json_object_foreach(json_object_get(component, "hashes"), key, value)
    {
        RB_CLEANUP_FREE char *digest = strcmp(key, "sha-256") == 0 && json_is_string(value)
                                           ? rb_asprintf("sha256:%s", json_string_value(value))
                                           : NULL;
        vex_add_text(arena, names, digest);
    }
}

static void add_parts(struct rb_arena *arena, const json_t *list, struct vex_texts *parts)
{
    size_t i;
    const json_t *part;
    json_array_foreach(list, i, part) add_names(arena, part, parts);
}

static void read_products(const struct vex_reader *reader, const json_t *json,
                          struct rb_vex_statement *statement)
{
    struct rb_arena *arena = reader->vex->arena;
    const json_t *list = json_object_get(json, "products"), *product;
    struct rb_vex_product *products =
        rb_arena_array(arena, json_array_size(list) + 1, sizeof(*products));
    size_t i;
    json_array_foreach(list, i, product)
    {
        struct vex_texts names = {0}, parts = {0};
        add_names(arena, product, &names);
        add_parts(arena, json_object_get(product, "subcomponents"), &parts);
        add_parts(arena, json_object_get(json, "subcomponents"), &parts); /* 0.0.x: of them all */
        products[i] = (struct rb_vex_product){vex_texts(arena, &names), vex_texts(arena, &parts)};
    }
    statement->products = products;
    statement->product_count = json_array_size(list);
}

static int read_statement(struct vex_reader *reader, const json_t *document, const json_t *json,
                          struct rb_err *err)
{
    struct rb_vex_statement statement = {
        .vulnerabilities = read_vulnerabilities(reader, json_object_get(json, "vulnerability")),
        .justification = vex_text(reader, json, "justification"),
        .impact = vex_text(reader, json, "impact_statement"),
        .action = vex_text(reader, json, "action_statement"),
    };
    static const char *const TIMES[] = {"last_updated", "timestamp"};
    if (!vex_find_status(rb_json_get_string(json, "status", NULL), &statement.status))
        return vex_wrong(reader,
                         "has none of the statuses not_affected, affected, fixed and "
                         "under_investigation",
                         err);
    for (size_t i = 0; i < RB_COUNT_OF(TIMES) * 2 && statement.at == 0; i++) {
        const json_t *from = i < RB_COUNT_OF(TIMES) ? json : document; /* else the document's */
        const char *text = rb_json_get_string(from, TIMES[i % RB_COUNT_OF(TIMES)], NULL);
        if (text != NULL && rb_time_parse(text, &statement.at, NULL) != 0)
            return vex_wrong(reader, "has a time that is none", err);
    }
    read_products(reader, json, &statement);
    return vex_add_statement(reader, &statement, err);
}

int openvex_read(struct vex_reader *reader, const json_t *document, struct rb_err *err)
{
    const json_t *statements = json_object_get(document, "statements"), *statement;
    size_t i;
    int status = 0;
    reader->vex->document = vex_text(reader, document, "@id");
    reader->vex->author = vex_text(reader, document, "author");
    if (!json_is_array(statements))
        return rb_err_set(err, RB_EINVALID, "%s: \"statements\" is no list", reader->what);
    json_array_foreach(statements, i, statement)
    {
        status = read_statement(reader, document, statement, err);
        if (status != 0)
            break;
    }
    return status;
}
