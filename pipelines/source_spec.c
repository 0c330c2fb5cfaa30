/* SPDX-License-Identifier: Apache-2.0 */
/* The spec of a source, both ways, by the table of its kind. */
#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_kind.h"

struct owned {
    struct rb_source model;
    struct rb_arena *arena;
};

static json_t *array_of(const char *const *texts)
{
    json_t *array = rb_json_array();
    for (; *texts != NULL; texts++)
        rb_json_append_string(array, *texts);
    return array;
}

static void write_fields(const void *model, const struct rb_field *field, json_t *spec);

/* What is not said has no member. */
static void write_field(const void *model, const struct rb_field *field, json_t *spec)
{
    const void *place = (const char *)model + field->offset;
    if (field->kind == RB_FIELD_BLOCK) {
        RB_CLEANUP_JSON json_t *block = rb_json_object();
        write_fields(place, field->block, block);
        if (json_object_size(block) > 0)
            rb_json_set(spec, field->member, rb_steal(&block));
    } else if (field->kind == RB_FIELD_SET && *(const char *const *const *)place != NULL)
        rb_json_set(spec, field->member, array_of(*(const char *const *const *)place));
    else if (field->kind == RB_FIELD_BOOL && *(const bool *)place)
        rb_json_set_bool(spec, field->member, true);
    else if (field->kind == RB_FIELD_TEXT && *(const char *const *)place != NULL)
        rb_json_set_string(spec, field->member, *(const char *const *)place);
}

static void write_fields(const void *model, const struct rb_field *field, json_t *spec)
{
    for (; field->key != NULL; field++) {
        if (field->member != NULL)
            write_field(model, field, spec);
    }
}

json_t *rb_source_spec(const struct rb_source *source)
{
    json_t *spec = rb_json_object();
    rb_json_set_string(spec, "kind", rb_source_kind_name(source->kind));
    write_fields(source, rb_source_language(source->kind)->fields, spec);
    return spec;
}

static int read_texts(const json_t *array, const char *member, struct rb_arena *arena,
                      const char *const **ret_texts, struct rb_err *err)
{
    size_t count = json_array_size(array);
    const char **texts = rb_arena_array(arena, count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        texts[i] = rb_arena_strdup(arena, json_string_value(json_array_get(array, i)));
        if (texts[i] == NULL)
            count = 0;
    }
    if (count == 0)
        return rb_err_set(err, RB_EINVALID, "source: \"%s\" is not a list of texts", member);
    *ret_texts = texts;
    return 0;
}

static int read_fields(const json_t *spec, const struct rb_field *field, struct rb_arena *arena,
                       void *model, struct rb_err *err);

static int read_field(const json_t *spec, const struct rb_field *field, struct rb_arena *arena,
                      void *model, struct rb_err *err)
{
    void *place = (char *)model + field->offset;
    const json_t *value = json_object_get(spec, field->member);
    if (value == NULL && !field->required)
        return 0;
    if (field->kind == RB_FIELD_SET)
        return read_texts(value, field->member, arena, place, err);
    if (field->kind == RB_FIELD_BLOCK)
        return read_fields(value, field->block, arena, place, err);
    if (field->kind == RB_FIELD_BOOL) {
        *(bool *)place = json_is_true(value);
        return 0;
    }
    const char *text = NULL;
    int status = rb_json_want_string(spec, "source", field->member, &text, err);
    if (status == 0)
        *(const char **)place = rb_arena_strdup(arena, text);
    return status;
}

static int read_fields(const json_t *spec, const struct rb_field *field, struct rb_arena *arena,
                       void *model, struct rb_err *err)
{
    int status = 0;
    for (; field->key != NULL && status == 0; field++) {
        if (field->member != NULL)
            status = read_field(spec, field, arena, model, err);
    }
    return status;
}

static int read_spec(const json_t *spec, struct owned *owned, struct rb_err *err)
{
    const char *kind = NULL;
    int status = rb_json_want_string(spec, "source", "kind", &kind, err);
    if (status != 0)
        return status;
    if (!rb_source_kind_of(kind, &owned->model.kind))
        return rb_err_set(err, RB_EINVALID, "source: \"%.40s\" is not a kind of source", kind);
    return read_fields(spec, rb_source_language(owned->model.kind)->fields, owned->arena,
                       &owned->model, err);
}

int rb_source_from_spec(const json_t *spec, struct rb_source **ret_source, struct rb_err *err)
{
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.name = "";
    int status = read_spec(spec, owned, err);
    if (status != 0)
        rb_source_free(&owned->model);
    else
        *ret_source = &owned->model;
    return status;
}

void rb_source_free(struct rb_source *source)
{
    if (source == NULL)
        return;
    struct owned *owned = rb_container_of(source, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}
