/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an artifact has been open to what affects it. It is since it was made, or since the
 * vulnerability is known, whichever came last. Its patch takes from the moment that the version
 * which has the fix came, upstream if it says so and else here: the reasons for which the image was
 * built since, or waits to be, name the versions that came.
 */
#include "exposure.h"
#include "rebake/store/sources.h"

static bool holds(const struct api_finding *found, int64_t artifact_id)
{
    size_t low = 0, high = found->artifact_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (found->artifacts[middle] < artifact_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < found->artifact_count && found->artifacts[low] == artifact_id;
}

/* The causes of what came after the artifact, collected once for all that it is open to. */
static int collect_causes(struct api_exposure *exposure, const struct rb_artifact_row *artifact,
                          const struct rb_image_row *image, struct rb_err *err)
{
    exposure->causes.count = 0;
    int status = api_causes_collect(&exposure->causes, image->id, artifact->id, INT64_MAX, err);
    return status == 0 ? api_causes_add_waiting(&exposure->causes, image, err) : status;
}

static const struct api_cause *cause_of_fix(const struct api_exposure *exposure,
                                            const struct api_finding *found)
{
    const json_t *available = json_object_get(found->json, "available"), *item;
    const struct api_cause *cause = NULL;
    size_t i;
    json_array_foreach(available, i, item)
    {
        if (cause == NULL)
            cause = api_cause_naming(&exposure->causes, found->package.name,
                                     rb_json_get_string(item, "version", ""));
    }
    return cause;
}

static int add_open(const struct api_exposure *exposure, const struct api_finding *found,
                    const struct rb_artifact_row *artifact, struct rb_err *err)
{
    const struct api_request *request = exposure->request;
    const struct api_cause *cause = cause_of_fix(exposure, found);
    struct rb_version_row version = {0};
    if (cause != NULL) {
        int status = rb_store_version(request->options->store, cause->version_id, request->arena,
                                      &version, err);
        if (status != 0)
            return status;
    }
    bool is_newer = artifact->created_at > found->published_at;
    int64_t fix_at = version.upstream_at != 0 ? version.upstream_at : version.seen_at;
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "artifact", artifact->id);
    rb_json_set_time(json, "since", is_newer ? artifact->created_at : found->published_at);
    rb_json_set_time(json, "fixUpstreamAt", version.upstream_at);
    rb_json_set_time(json, "fixSeenAt", version.seen_at);
    rb_json_set(json, "soFarMs",
                fix_at == 0 ? json_null() : json_integer(request->now_at - fix_at));
    rb_json_append(json_object_get(found->json, "open"), json);
    return 0;
}

int api_exposure_add_open(struct api_exposure *exposure, const struct rb_artifact_row *artifact,
                          const struct rb_image_row *image, struct rb_err *err)
{
    bool has_causes = false;
    int status = 0;
    for (size_t i = 0; status == 0 && i < exposure->count; i++) {
        const struct api_finding *found = &exposure->findings[i];
        if (found->verdict != RB_VERDICT_AFFECTED || !holds(found, artifact->id))
            continue;
        if (!has_causes)
            status = collect_causes(exposure, artifact, image, err);
        has_causes = true;
        if (status == 0)
            status = add_open(exposure, found, artifact, err);
    }
    return status;
}
