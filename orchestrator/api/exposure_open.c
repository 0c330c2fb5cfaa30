/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long an artifact has been open to what affects it. It is since it was made, or since the
 * vulnerability is known, whichever came last. Its patch takes from the moment that the version
 * which has the fix came, upstream if it says so and else here: the reasons for which the image was
 * built since, or waits to be, name the versions that came.
 */
#include "exposure.h"

#include <stdlib.h>
#include <string.h>

#include "rebake/store/exposures.h"
#include "rebake/store/sources.h"

/* What an image has a clock for, by advisory. */
struct clocks {
    struct rb_exposure_row *rows;
    size_t count;
};

static int compare_to_row(const void *advisory, const void *row)
{
    return strcmp(advisory, ((const struct rb_exposure_row *)row)->advisory);
}

static void add_deadline(const struct clocks *clocks, const char *advisory, json_t *into)
{
    const struct rb_exposure_row *row =
        clocks->count == 0
            ? NULL
            : bsearch(advisory, clocks->rows, clocks->count, sizeof(*clocks->rows), compare_to_row);
    rb_json_set_time(into, "deadline", row == NULL ? 0 : row->deadline_at);
    rb_json_set_bool(into, "breached", row != NULL && row->breached_at != 0);
}

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
                    const struct rb_artifact_row *artifact, const struct clocks *clocks,
                    struct rb_err *err)
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
    add_deadline(clocks, found->finding->id, json);
    rb_json_append(json_object_get(found->json, "open"), json);
    return 0;
}

int api_exposure_add_open(struct api_exposure *exposure, const struct rb_artifact_row *artifact,
                          const struct rb_image_row *image, struct rb_err *err)
{
    bool has_causes = false;
    struct clocks clocks = {0};
    int status = 0;
    if (image->artifact_id == artifact->id)
        status = rb_store_exposures(exposure->request->options->store, image->id,
                                    exposure->request->arena, &clocks.rows, &clocks.count, err);
    for (size_t i = 0; status == 0 && i < exposure->count; i++) {
        const struct api_finding *found = &exposure->findings[i];
        if (found->verdict != RB_VERDICT_AFFECTED || !holds(found, artifact->id))
            continue;
        if (!has_causes)
            status = collect_causes(exposure, artifact, image, err);
        has_causes = true;
        if (status == 0)
            status = add_open(exposure, found, artifact, &clocks, err);
    }
    return status;
}
