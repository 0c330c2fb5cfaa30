/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/advisory/vex.h"

#include <string.h>

#include "rebake/base/json.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "vex_parts.h"

enum { LIST_MAXIMUM = 100000 };

static const char *const STATUSES[] = {
    [RB_VEX_NOT_AFFECTED] = "not_affected",
    [RB_VEX_AFFECTED] = "affected",
    [RB_VEX_FIXED] = "fixed",
    [RB_VEX_UNDER_INVESTIGATION] = "under_investigation",
};

const char *rb_vex_status_name(enum rb_vex_status status)
{
    return STATUSES[status];
}

bool vex_find_status(const char *name, enum rb_vex_status *ret_status)
{
    for (size_t i = 0; i < RB_COUNT_OF(STATUSES); i++) {
        if (rb_text_equal(name, STATUSES[i])) {
            *ret_status = (enum rb_vex_status)i;
            return true;
        }
    }
    return false;
}

int vex_wrong(const struct vex_reader *reader, const char *words, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: statement %zu %s", reader->what,
                      reader->vex->count + 1, words);
}

const char *vex_text(const struct vex_reader *reader, const json_t *object, const char *member)
{
    return rb_arena_strdup(reader->vex->arena, rb_json_get_string(object, member, ""));
}

void vex_add_text(struct rb_arena *arena, struct vex_texts *texts, const char *text)
{
    if (rb_text_is_empty(text))
        return;
    texts->items =
        rb_arena_grow(arena, texts->items, texts->count, &texts->capacity, sizeof(*texts->items));
    texts->items[texts->count++] = rb_arena_strdup(arena, text);
    texts->items =
        rb_arena_grow(arena, texts->items, texts->count, &texts->capacity, sizeof(*texts->items));
    texts->items[texts->count] = NULL;
}

const char *const *vex_texts(struct rb_arena *arena, struct vex_texts *texts)
{
    if (texts->items == NULL)
        texts->items = rb_arena_array(arena, 1, sizeof(*texts->items));
    return texts->items;
}

int vex_add_statement(struct vex_reader *reader, const struct rb_vex_statement *statement,
                      struct rb_err *err)
{
    struct rb_vex *vex = reader->vex;
    if (*statement->vulnerabilities == NULL)
        return vex_wrong(reader, "names no vulnerability", err);
    if (statement->status == RB_VEX_NOT_AFFECTED && *statement->justification == '\0' &&
        *statement->impact == '\0')
        return vex_wrong(reader,
                         "says not_affected without a justification or an impact statement: say "
                         "why",
                         err);
    if (vex->count == LIST_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d statements", reader->what,
                          LIST_MAXIMUM);
    vex->statements = rb_arena_grow(vex->arena, vex->statements, vex->count, &reader->capacity,
                                    sizeof(*vex->statements));
    vex->statements[vex->count++] = *statement;
    return 0;
}

static int read_document(struct vex_reader *reader, const json_t *document, struct rb_err *err)
{
    static const char OPENVEX[] = "https://openvex.dev/ns";
    if (rb_text_starts_with(rb_json_get_string(document, "@context", ""), OPENVEX))
        return openvex_read(reader, document, err);
    if (rb_text_equal(rb_json_get_string(document, "bomFormat", NULL), "CycloneDX"))
        return cyclonedx_vex_read(reader, document, err);
    return rb_err_set(err, RB_EINVALID,
                      "%s is neither OpenVEX (\"@context\": \"%s/v0.2.0\") nor CycloneDX "
                      "(\"bomFormat\": \"CycloneDX\")",
                      reader->what, OPENVEX);
}

int rb_vex_read(const char *data, size_t size, const char *what, struct rb_vex **ret_vex,
                struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *document = NULL;
    if (size > RB_VEX_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", what, RB_VEX_MAXIMUM);
    int status = rb_json_parse(data, size, what, &document, err);
    if (status != 0)
        return status;
    struct rb_vex *vex = rb_zalloc(sizeof(*vex));
    vex->arena = rb_arena_new();
    struct vex_reader reader = {.vex = vex, .what = what};
    vex->document = "";
    vex->author = "";
    status = read_document(&reader, document, err);
    if (status != 0)
        rb_vex_free(vex);
    else
        *ret_vex = vex;
    return status;
}

void rb_vex_free(struct rb_vex *vex)
{
    if (vex == NULL)
        return;
    rb_arena_free(vex->arena);
    rb_free(vex);
}
