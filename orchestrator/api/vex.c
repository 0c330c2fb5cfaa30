/* SPDX-License-Identifier: Apache-2.0 */
#include "vex.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"

/* What is known of an artifact by its id. */
struct known {
    int64_t id;
    struct rb_vex_place place; /* without a package */
};

struct applying {
    struct api_exposure *exposure;
    struct known *known;
    size_t count;
    size_t capacity;
};

static int find_place(struct applying *applying, int64_t artifact_id,
                      const struct rb_vex_place **ret_place, struct rb_err *err)
{
    const struct api_request *request = applying->exposure->request;
    struct rb_artifact_row artifact;
    for (size_t i = 0; i < applying->count; i++) {
        if (applying->known[i].id == artifact_id) {
            *ret_place = &applying->known[i].place;
            return 0;
        }
    }
    int status =
        rb_store_artifact(request->options->store, artifact_id, request->arena, &artifact, err);
    if (status != 0)
        return status;
    applying->known = rb_arena_grow(request->arena, applying->known, applying->count,
                                    &applying->capacity, sizeof(*applying->known));
    struct known *known = &applying->known[applying->count++];
    known->id = artifact_id;
    known->place =
        (struct rb_vex_place){.image = api_full_name(request, artifact.pipeline, artifact.image),
                              .reference = artifact.reference,
                              .digest = artifact.digest};
    *ret_place = &known->place;
    return 0;
}

/* The newest that is about it; of two of one time the one that is read later. */
static struct api_said find_said(const struct api_exposure *exposure,
                                 const struct api_finding *found, struct rb_vex_place place)
{
    struct api_said said = {NULL, NULL};
    place.inventory = &found->inventory;
    place.package = &found->package;
    for (size_t i = 0; i < exposure->feeds.vex_count; i++) {
        const struct api_vex *document = &exposure->feeds.vex[i];
        for (size_t j = 0; j < document->vex->count; j++) {
            const struct rb_vex_statement *statement = &document->vex->statements[j];
            if ((said.statement == NULL || statement->at >= said.statement->at) &&
                rb_vex_is_about(statement, found->finding, &place))
                said = (struct api_said){document, statement};
        }
    }
    return said;
}

static enum rb_verdict verdict_of(enum rb_vex_status status)
{
    switch (status) {
    case RB_VEX_NOT_AFFECTED:
        return RB_VERDICT_NOT_AFFECTED;
    case RB_VEX_FIXED:
        return RB_VERDICT_OUTSIDE;
    case RB_VEX_UNDER_INVESTIGATION:
        return RB_VERDICT_UNDETERMINED;
    case RB_VEX_AFFECTED:
        break;
    }
    return RB_VERDICT_AFFECTED;
}

static void say(struct api_finding *found, struct api_said said)
{
    found->said = said;
    if (said.statement != NULL)
        found->verdict = verdict_of(said.statement->status);
}

/* The artifact of a finding goes to that of its findings which says the same of it. */
static void place_artifact(struct api_exposure *exposure, size_t first,
                           const struct api_finding *found, struct api_said said,
                           int64_t artifact_id)
{
    struct rb_arena *arena = exposure->request->arena;
    size_t at = first;
    while (at < exposure->count && exposure->findings[at].said.statement != said.statement)
        at++;
    if (at == exposure->count) {
        exposure->findings = rb_arena_grow(arena, exposure->findings, exposure->count,
                                           &exposure->capacity, sizeof(*exposure->findings));
        struct api_finding *part = &exposure->findings[exposure->count++];
        *part = *found;
        part->artifacts = rb_arena_array(arena, found->artifact_count, sizeof(int64_t));
        part->artifact_count = 0;
        say(part, said);
    }
    struct api_finding *part = &exposure->findings[at];
    ((int64_t *)(uintptr_t)part->artifacts)[part->artifact_count++] = artifact_id;
}

static int apply_to(struct applying *applying, const struct api_finding *found, struct rb_err *err)
{
    struct api_exposure *exposure = applying->exposure;
    size_t first = exposure->count;
    for (size_t i = 0; i < found->artifact_count; i++) {
        const struct rb_vex_place *place;
        int status = find_place(applying, found->artifacts[i], &place, err);
        if (status != 0)
            return status;
        place_artifact(exposure, first, found, find_said(exposure, found, *place),
                       found->artifacts[i]);
    }
    return 0;
}

int api_vex_apply(struct api_exposure *exposure, struct rb_err *err)
{
    struct applying applying = {.exposure = exposure};
    size_t count = exposure->count;
    const struct api_finding *findings = exposure->findings;
    static const struct rb_vex_place nowhere = {0};
    if (exposure->feeds.vex_count == 0)
        return 0;
    exposure->findings = NULL;
    exposure->count = 0;
    exposure->capacity = 0;
    for (size_t i = 0; i < count; i++) {
        struct api_finding found = findings[i];
        int status = apply_to(&applying, &found, err);
        if (status != 0)
            return status;
        if (found.artifact_count > 0)
            continue;
        say(&found, find_said(exposure, &found, nowhere)); /* a package that nobody holds */
        exposure->findings = rb_arena_grow(exposure->request->arena, exposure->findings,
                                           exposure->count, &exposure->capacity, sizeof(found));
        exposure->findings[exposure->count++] = found;
    }
    return 0;
}

static const char *or_null(const char *text)
{
    return *text == '\0' ? NULL : text;
}

json_t *api_vex_json(const struct api_finding *found)
{
    const struct rb_vex_statement *statement = found->said.statement;
    if (statement == NULL)
        return json_null();
    const struct api_vex *document = found->said.document;
    json_t *json = rb_json_object();
    rb_json_set_string(json, "status", rb_vex_status_name(statement->status));
    rb_json_set_string(json, "justification", or_null(statement->justification));
    rb_json_set_string(json, "impact", or_null(statement->impact));
    rb_json_set_string(json, "action", or_null(statement->action));
    rb_json_set_string(json, "author", or_null(document->vex->author));
    rb_json_set_string(json, "document", or_null(document->vex->document));
    rb_json_set_string(json, "file", document->path);
    rb_json_set_time(json, "at", statement->at);
    return json;
}
