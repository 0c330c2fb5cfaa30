/* SPDX-License-Identifier: Apache-2.0 */
#include "causes.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"

enum { DEEPEST_BASE = 32, BUILDS_LOOKED_AT = 1000 /* of one image */ };

static void add_cause(struct api_causes *causes, const struct rb_reason *reason)
{
    bool is_package = strcmp(reason->kind, "package") == 0 || strcmp(reason->kind, "advisory") == 0;
    if (reason->version_id == 0)
        return;
    causes->all = rb_arena_grow(causes->request->arena, causes->all, causes->count,
                                &causes->capacity, sizeof(*causes->all));
    causes->all[causes->count++] =
        (struct api_cause){.package = is_package ? reason->subject : NULL,
                           .to = reason->to,
                           .version_id = reason->version_id};
}

/* The image's own artifact of that digest; 0 where there is none. */
static int find_artifact(const struct api_causes *causes, int64_t image_id, const char *digest,
                         int64_t *ret_id, struct rb_err *err)
{
    const struct api_request *request = causes->request;
    struct rb_artifact_row artifact = {0};
    int status = rb_store_artifact_by_digest(request->options->store, image_id, digest,
                                             request->arena, &artifact, err);
    *ret_id = status == 0 ? artifact.id : 0;
    return status == RB_ENOTFOUND ? 0 : status;
}

/* Of all images, which only what has a base wants. */
static int need_images(struct api_causes *causes, struct rb_err *err)
{
    const struct api_request *request = causes->request;
    if (causes->images != NULL)
        return 0;
    return rb_store_images(request->options->store, request->arena, &causes->images,
                           &causes->image_count, err);
}

/* A part of an image's history: the builds after one artifact, up to another. */
struct stretch {
    int64_t image_id; /* 0: of none */
    int64_t after_id;
    int64_t up_to_id;
};

/* The stretch of the base's history that a new base has brought. */
static int find_base_stretch(struct api_causes *causes, const struct rb_build_row *build,
                             const struct rb_reason *reason, struct stretch *ret_stretch,
                             struct rb_err *err)
{
    *ret_stretch = (struct stretch){0};
    int status = need_images(causes, err);
    if (status != 0)
        return status;
    const struct rb_image_row *base =
        api_image_named(causes->images, causes->image_count, build->pipeline, reason->subject);
    if (base == NULL)
        return 0;
    status = find_artifact(causes, base->id, reason->from, &ret_stretch->after_id, err);
    if (status == 0)
        status = find_artifact(causes, base->id, reason->to, &ret_stretch->up_to_id, err);
    if (status == 0 && ret_stretch->after_id != 0 && ret_stretch->up_to_id != 0)
        ret_stretch->image_id = base->id;
    return status;
}

static int collect(struct api_causes *causes, const struct stretch *stretch, int depth,
                   struct rb_err *err)
{
    const struct api_request *request = causes->request;
    struct rb_build_row *builds;
    size_t count;
    if (stretch->image_id == 0 || depth > DEEPEST_BASE)
        return 0;
    int status = rb_store_builds(request->options->store, stretch->image_id, false,
                                 BUILDS_LOOKED_AT, request->arena, &builds, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct rb_build_row *build = &builds[i];
        if (build->artifact_id <= stretch->after_id || build->artifact_id > stretch->up_to_id)
            continue;
        for (size_t j = 0; status == 0 && j < build->reason_count; j++) {
            struct stretch below = {0};
            add_cause(causes, &build->reasons[j]);
            if (strcmp(build->reasons[j].kind, "base") == 0)
                status = find_base_stretch(causes, build, &build->reasons[j], &below, err);
            if (status == 0)
                status = collect(causes, &below, depth + 1, err);
        }
    }
    return status;
}

void api_causes_begin(struct api_causes *causes, const struct api_request *request)
{
    *causes = (struct api_causes){.request = request};
}

int api_causes_collect(struct api_causes *causes, int64_t image_id, int64_t after_id,
                       int64_t up_to_id, struct rb_err *err)
{
    const struct stretch stretch = {image_id, after_id, up_to_id};
    return collect(causes, &stretch, 0, err);
}

static bool is_called(const struct rb_image_row *image, const char *full_name)
{
    size_t size = strlen(image->pipeline);
    return strncmp(full_name, image->pipeline, size) == 0 && full_name[size] == '/' &&
           strcmp(full_name + size + 1, image->name) == 0;
}

/* The image that this one waits for; NULL where it waits for none. */
static int find_awaited(struct api_causes *causes, const struct rb_image_row *image,
                        const struct rb_image_row **ret_awaited, struct rb_err *err)
{
    *ret_awaited = NULL;
    if (image->waits_for == NULL)
        return 0;
    int status = need_images(causes, err);
    bool is_same = causes->awaited != NULL && is_called(causes->awaited, image->waits_for);
    for (size_t i = 0; status == 0 && !is_same && i < causes->image_count; i++) {
        if (is_called(&causes->images[i], image->waits_for)) {
            causes->awaited = &causes->images[i];
            is_same = true;
        }
    }
    *ret_awaited = is_same ? causes->awaited : NULL;
    return status;
}

static int add_reasons(struct api_causes *causes, const struct rb_image_row *image,
                       struct rb_err *err)
{
    struct rb_arena *arena = causes->request->arena;
    RB_CLEANUP_JSON json_t *reasons = NULL;
    int status =
        rb_json_parse(image->reasons, strlen(image->reasons), "an image's reasons", &reasons, err);
    size_t i;
    const json_t *item;
    json_array_foreach(reasons, i, item)
    {
        const struct rb_reason reason = {
            .kind = rb_json_get_string(item, "kind", ""),
            .subject = rb_arena_strdup(arena, rb_json_get_string(item, "subject", "")),
            .to = rb_arena_strdup(arena, rb_json_get_string(item, "to", "")),
            .version_id = rb_json_get_integer(item, "versionId", 0)};
        add_cause(causes, &reason);
    }
    return status;
}

int api_causes_add_waiting(struct api_causes *causes, const struct rb_image_row *image,
                           struct rb_err *err)
{
    int status = 0;
    for (int depth = 0; status == 0 && image != NULL && depth < DEEPEST_BASE; depth++) {
        status = add_reasons(causes, image, err);
        if (status == 0)
            status = find_awaited(causes, image, &image, err);
    }
    return status;
}

const struct api_cause *api_cause_naming(const struct api_causes *causes, const char *package,
                                         const char *version)
{
    for (size_t i = 0; i < causes->count; i++) {
        const struct api_cause *cause = &causes->all[i];
        if (rb_text_equal(cause->package, package) && strcmp(cause->to, version) == 0)
            return cause;
    }
    return NULL;
}

const struct api_cause *api_cause_of(const struct api_causes *causes, const char *package,
                                     const char *version)
{
    const struct api_cause *found = api_cause_naming(causes, package, version);
    for (size_t i = causes->count; found == NULL && i-- > 0;) {
        if (causes->all[i].package == NULL)
            found = &causes->all[i];
    }
    return found;
}
