/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/pipeline.h"

enum { DESCRIPTION_MAXIMUM = 8192 };

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

json_t *rb_source_spec(const struct rb_source *source)
{
    json_t *spec = rb_json_object();
    rb_json_set_string(spec, "kind", rb_source_kind_name(source->kind));
    switch (source->kind) {
    case RB_SOURCE_GIT:
        rb_json_set_string(spec, "url", source->url);
        rb_json_set_string(spec, "branch", source->branch);
        break;
    case RB_SOURCE_IMAGE:
        rb_json_set_string(spec, "repository", source->repository);
        rb_json_set_string(spec, "tag", source->tag);
        break;
    case RB_SOURCE_APT:
        rb_json_set_string(spec, "url", source->url);
        rb_json_set_string(spec, "suite", source->suite);
        rb_json_set(spec, "components", array_of(source->components));
        rb_json_set(spec, "architectures", array_of(source->architectures));
        rb_json_set_string(spec, "signedBy", source->signed_by);
        break;
    }
    return spec;
}

/* Members read one after the other; the first that is wrong stays in status. */
struct spec_reader {
    const json_t *spec;
    struct rb_arena *arena;
    struct rb_err *err;
    int status;
};

static const char *read_text(struct spec_reader *reader, const char *member)
{
    const char *text = NULL;
    if (reader->status == 0)
        reader->status = rb_json_want_string(reader->spec, "source", member, &text, reader->err);
    return reader->status == 0 ? rb_arena_strdup(reader->arena, text) : NULL;
}

static const char *const *read_texts(struct spec_reader *reader, const char *member)
{
    const json_t *array = json_object_get(reader->spec, member);
    if (reader->status != 0)
        return NULL;
    size_t count = json_array_size(array);
    const char **texts = rb_arena_array(reader->arena, count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++) {
        texts[i] = rb_arena_strdup(reader->arena, json_string_value(json_array_get(array, i)));
        if (texts[i] == NULL)
            count = 0;
    }
    if (count == 0)
        reader->status =
            rb_err_set(reader->err, RB_EINVALID, "source: \"%s\" is not a list of texts", member);
    return texts;
}

static void read_kind(struct spec_reader *reader, struct rb_source *source)
{
    const char *kind = read_text(reader, "kind");
    if (kind == NULL)
        return;
    if (rb_text_equal(kind, "git")) {
        source->kind = RB_SOURCE_GIT;
        source->url = read_text(reader, "url");
        source->branch = read_text(reader, "branch");
    } else if (rb_text_equal(kind, "image")) {
        source->kind = RB_SOURCE_IMAGE;
        source->repository = read_text(reader, "repository");
        source->tag = read_text(reader, "tag");
    } else if (rb_text_equal(kind, "apt")) {
        source->kind = RB_SOURCE_APT;
        source->url = read_text(reader, "url");
        source->suite = read_text(reader, "suite");
        source->components = read_texts(reader, "components");
        source->architectures = read_texts(reader, "architectures");
        source->signed_by = read_text(reader, "signedBy");
    } else {
        reader->status =
            rb_err_set(reader->err, RB_EINVALID, "source: \"%.40s\" is not a kind of source", kind);
    }
}

int rb_source_from_spec(const json_t *spec, struct rb_source **ret_source, struct rb_err *err)
{
    struct owned *owned = rb_zalloc(sizeof(*owned));
    owned->arena = rb_arena_new();
    owned->model.name = "";
    struct spec_reader reader = {.spec = spec, .arena = owned->arena, .err = err};
    read_kind(&reader, &owned->model);
    if (reader.status != 0)
        rb_source_free(&owned->model);
    else
        *ret_source = &owned->model;
    return reader.status;
}

void rb_source_free(struct rb_source *source)
{
    if (source == NULL)
        return;
    struct owned *owned = rb_container_of(source, struct owned, model);
    rb_arena_free(owned->arena);
    rb_free(owned);
}

char *rb_source_describe(const struct rb_source *source)
{
    switch (source->kind) {
    case RB_SOURCE_IMAGE:
        return rb_asprintf("%s:%s", source->repository, source->tag);
    case RB_SOURCE_APT: {
        struct rb_strbuf text = RB_STRBUF_INIT(DESCRIPTION_MAXIMUM);
        rb_strbuf_printf(&text, "%s %s", source->url, source->suite);
        for (size_t i = 0; source->components[i] != NULL; i++)
            rb_strbuf_printf(&text, " %s", source->components[i]);
        return rb_strbuf_steal(&text);
    }
    case RB_SOURCE_GIT:
    default:
        return rb_asprintf("%s branch %s", source->url, source->branch);
    }
}
