/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long patches took to where they run: for each package that a rollout brought in another
 * version, when upstream had it, when we saw it, when the image was built, when it was deployed;
 * and which vulnerabilities that closed. A patch may have come by a base, or a base's base.
 */
#include <stdlib.h>
#include <string.h>

#include "causes.h"
#include "exposure.h"
#include "names.h"
#include "rebake/base/text.h"
#include "rebake/inventory/compare.h"

enum {
    ROLLOUTS_LOOKED_AT = 1000, /* of one deployment */
    LIMIT = 100,
    LIMIT_MAXIMUM = 1000
};
static const int64_t SINCE_MS = INT64_C(90) * 24 * 3600 * 1000; /* unless asked otherwise */

struct patch {
    const struct rb_deployment_row *deployment;
    const struct rb_package *before;
    const struct rb_package *after;
    json_t *closed;
    int64_t upstream_at; /* 0: not known */
    int64_t seen_at;     /* 0: not known */
    int64_t built_at;
    int64_t deployed_at;
};

struct patches {
    const struct api_request *request;
    struct api_exposure exposure; /* to judge with */
    struct patch *all;
    size_t count;
    size_t capacity;
    struct rb_inventory *inventories; /* which the patches' packages are of */
    size_t inventory_count;
    size_t inventory_capacity;
    struct api_causes causes; /* of the rollout at hand */
};

static void patches_deinit(struct patches *patches)
{
    for (size_t i = 0; i < patches->count; i++)
        json_decref(patches->all[i].closed);
    for (size_t i = 0; i < patches->inventory_count; i++)
        rb_inventory_deinit(&patches->inventories[i]);
}

/* ── a rollout's patches ────────────────────────────────────────────────────────────────────── */

static json_t *closed_by(struct patches *patches, const struct rb_judged *before,
                         const struct rb_judged *after)
{
    const struct api_feeds *feeds = &patches->exposure.feeds;
    const char **ids;
    size_t count = rb_advisory_closed(before, after, feeds->advisories, feeds->advisory_count,
                                      patches->request->arena, &ids);
    json_t *closed = rb_json_array();
    for (size_t i = 0; i < count; i++)
        rb_json_append_string(closed, ids[i]);
    return closed;
}

static int add_patch(struct patches *patches, const struct patch *patch, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    const struct api_cause *cause =
        api_cause_of(&patches->causes, patch->after->name, patch->after->version);
    struct rb_version_row version = {0};
    int status = cause == NULL ? 0
                               : rb_store_version(request->options->store, cause->version_id,
                                                  request->arena, &version, err);
    if (status != 0)
        return status;
    patches->all = rb_arena_grow(request->arena, patches->all, patches->count, &patches->capacity,
                                 sizeof(*patches->all));
    struct patch *added = &patches->all[patches->count++];
    *added = *patch;
    added->seen_at = version.seen_at;
    added->upstream_at = version.upstream_at;
    return 0;
}

static int read_inventory(struct patches *patches, int64_t artifact_id,
                          struct rb_inventory *ret_inventory, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    RB_CLEANUP_JSON json_t *stored = NULL;
    int status = rb_store_inventory(request->options->store, artifact_id, &stored, err);
    if (status == 0)
        status = rb_inventory_from_json(stored, ret_inventory, err);
    if (status != 0)
        return status;
    patches->inventories =
        rb_arena_grow(request->arena, patches->inventories, patches->inventory_count,
                      &patches->inventory_capacity, sizeof(*patches->inventories));
    patches->inventories[patches->inventory_count++] = *ret_inventory;
    return 0;
}

static int add_rollout(struct patches *patches, const struct rb_deployment_row *deployment,
                       const struct rb_rollout_row *rollout, int64_t before_id, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    struct rb_inventory before, after;
    struct rb_artifact_row artifact;
    struct rb_package_change *changes;
    patches->causes.count = 0;
    int status = read_inventory(patches, before_id, &before, err);
    if (status == 0)
        status = read_inventory(patches, rollout->artifact_id, &after, err);
    if (status == 0)
        status = rb_store_artifact(request->options->store, rollout->artifact_id, request->arena,
                                   &artifact, err);
    if (status == 0)
        status = api_causes_collect(&patches->causes, deployment->image_id, before_id,
                                    rollout->artifact_id, err);
    if (status != 0)
        return status == RB_ENOTFOUND ? 0 : status; /* one without an inventory tells nothing */
    size_t count = rb_inventory_compare(&before, &after, request->arena, &changes);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (changes[i].before == NULL || changes[i].after == NULL)
            continue;
        const struct patch patch = {.deployment = deployment,
                                    .before = changes[i].before,
                                    .after = changes[i].after,
                                    .built_at = artifact.created_at,
                                    .deployed_at = rollout->finished_at};
        status = add_patch(patches, &patch, err);
        const struct rb_judged was = {&before, changes[i].before}, is = {&after, changes[i].after};
        if (status == 0)
            patches->all[patches->count - 1].closed = closed_by(patches, &was, &is);
    }
    return status;
}

static int add_deployment(struct patches *patches, const struct rb_deployment_row *deployment,
                          int64_t since_at, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    struct rb_rollout_row *rollouts;
    size_t count;
    int status = rb_store_rollouts(request->options->store, deployment->id, false,
                                   ROLLOUTS_LOOKED_AT, request->arena, &rollouts, &count, err);
    const struct rb_rollout_row *newer = NULL;
    for (size_t i = 0; status == 0 && i < count; i++) {
        const struct rb_rollout_row *rollout = &rollouts[i];
        if (strcmp(rollout->state, "succeeded") != 0)
            continue;
        bool is_other = newer != NULL && newer->artifact_id != rollout->artifact_id;
        if (is_other)
            status = add_rollout(patches, deployment, newer, rollout->artifact_id, err);
        newer = rollout; /* of several of one artifact the first is when it came */
        if (rollout->finished_at < since_at)
            break;
    }
    return status;
}

/* ── the answer ─────────────────────────────────────────────────────────────────────────────── */

static json_t *patch_json(const struct patches *patches, const struct patch *patch)
{
    const struct rb_deployment_row *deployment = patch->deployment;
    json_t *json = rb_json_object();
    rb_json_set_string(json, "deployment",
                       api_full_name(patches->request, deployment->pipeline, deployment->name));
    rb_json_set_string(json, "type", rb_package_type_name(patch->after->type));
    rb_json_set_string(json, "package", patch->after->name);
    rb_json_set_string(json, "from", patch->before->version);
    rb_json_set_string(json, "to", patch->after->version);
    rb_json_set(json, "closed", json_incref(patch->closed));
    rb_json_set_time(json, "upstreamAt", patch->upstream_at);
    rb_json_set_time(json, "seenAt", patch->seen_at);
    rb_json_set_time(json, "builtAt", patch->built_at);
    rb_json_set_time(json, "deployedAt", patch->deployed_at);
    return json;
}

static int compare_spans(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* The nearest rank: the least of the spans that so many of a hundred do not exceed. */
static int64_t percentile(const int64_t *sorted, size_t count, size_t percent)
{
    size_t rank = (count * percent + 99) / 100;
    return sorted[rank == 0 ? 0 : rank - 1];
}

static json_t *percentiles_json(int64_t *spans, size_t count)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "count", (int64_t)count);
    if (count == 0)
        return json;
    qsort(spans, count, sizeof(*spans), compare_spans);
    rb_json_set_integer(json, "p50Ms", percentile(spans, count, 50));
    rb_json_set_integer(json, "p90Ms", percentile(spans, count, 90));
    rb_json_set_integer(json, "p99Ms", percentile(spans, count, 99));
    rb_json_set_integer(json, "maxMs", spans[count - 1]);
    return json;
}

enum step { STEP_SEEN, STEP_BUILT, STEP_DEPLOYED, STEP_TOTAL, STEP_COUNT };

/* False where an end of the step is not known. */
static bool span_of(const struct patch *patch, enum step step, int64_t *ret_ms)
{
    const int64_t begin_at = patch->upstream_at != 0 ? patch->upstream_at : patch->seen_at;
    const int64_t ends[STEP_COUNT][2] = {
        [STEP_SEEN] = {patch->upstream_at, patch->seen_at},
        [STEP_BUILT] = {patch->seen_at, patch->built_at},
        [STEP_DEPLOYED] = {patch->built_at, patch->deployed_at},
        [STEP_TOTAL] = {begin_at, patch->deployed_at},
    };
    *ret_ms = ends[step][1] - ends[step][0];
    return ends[step][0] != 0 && ends[step][1] != 0 && *ret_ms >= 0;
}

/* by_advisory: each patch counts as often as it closed a vulnerability. */
static json_t *times_json(const struct patches *patches, bool by_advisory)
{
    static const char *const STEPS[STEP_COUNT] = {"seen", "built", "deployed", "total"};
    json_t *json = rb_json_object();
    size_t room = 0;
    for (size_t i = 0; i < patches->count; i++)
        room += by_advisory ? json_array_size(patches->all[i].closed) : 1;
    int64_t *spans = rb_arena_array(patches->request->arena, room + 1, sizeof(*spans));
    for (enum step step = STEP_SEEN; step < STEP_COUNT; step++) {
        size_t count = 0;
        for (size_t i = 0; i < patches->count; i++) {
            size_t times = by_advisory ? json_array_size(patches->all[i].closed) : 1;
            int64_t ms;
            for (size_t j = 0; j < times && span_of(&patches->all[i], step, &ms); j++)
                spans[count++] = ms;
        }
        rb_json_set(json, STEPS[step], percentiles_json(spans, count));
    }
    return json;
}

static int compare_patches(const void *left, const void *right)
{
    const struct patch *a = left, *b = right;
    if (a->deployed_at != b->deployed_at)
        return a->deployed_at > b->deployed_at ? -1 : 1;
    int difference = strcmp(a->deployment->name, b->deployment->name);
    return difference != 0 ? difference : strcmp(a->after->name, b->after->name);
}

static void answer(struct patches *patches, size_t limit, json_t *into)
{
    json_t *array = rb_json_array();
    if (patches->count > 0)
        qsort(patches->all, patches->count, sizeof(*patches->all), compare_patches);
    for (size_t i = 0; i < patches->count && i < limit; i++)
        rb_json_append(array, patch_json(patches, &patches->all[i]));
    rb_json_set(into, "patches", array);
    rb_json_set_integer(into, "count", (int64_t)patches->count);
    rb_json_set(into, "packageTimes", times_json(patches, false));
    rb_json_set(into, "advisoryTimes", times_json(patches, true));
}

/* ── what of it is asked for ────────────────────────────────────────────────────────────────── */

/* All of it, unless a vulnerability, a deployment, or an image is named. */
struct wanted {
    bool is_vulnerability;
    struct rb_vulnerability vulnerability;
    int64_t deployment_id; /* 0: any */
    int64_t image_id;      /* 0: any */
};

static int read_wanted(const struct patches *patches, struct wanted *ret_wanted, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    const struct api_feeds *feeds = &patches->exposure.feeds;
    const char *name = request->parameter(request, "of");
    struct api_named named;
    *ret_wanted = (struct wanted){0};
    if (name == NULL)
        return 0;
    ret_wanted->is_vulnerability = rb_advisory_look_up(
        name, feeds->advisories, feeds->advisory_count, request->arena, &ret_wanted->vulnerability);
    if (ret_wanted->is_vulnerability)
        return 0;
    int status = api_find_named(request, name, &named, err);
    if (status == 0 && named.is_deployment)
        ret_wanted->deployment_id = named.deployment.id;
    else if (status == 0)
        ret_wanted->image_id = named.image.id;
    return status;
}

static bool is_wanted(const struct wanted *wanted, const struct rb_deployment_row *deployment)
{
    return (wanted->deployment_id == 0 || wanted->deployment_id == deployment->id) &&
           (wanted->image_id == 0 || wanted->image_id == deployment->image_id);
}

static bool has_closed(const struct patch *patch, const struct rb_vulnerability *vulnerability)
{
    size_t i;
    const json_t *id;
    json_array_foreach(patch->closed, i, id)
    {
        for (size_t name = 0; name < vulnerability->name_count; name++) {
            if (rb_text_equal(json_string_value(id), vulnerability->names[name]))
                return true;
        }
    }
    return false;
}

static void keep_those_that_closed(struct patches *patches,
                                   const struct rb_vulnerability *vulnerability)
{
    size_t kept = 0;
    for (size_t i = 0; i < patches->count; i++) {
        if (has_closed(&patches->all[i], vulnerability))
            patches->all[kept++] = patches->all[i];
        else
            json_decref(patches->all[i].closed);
    }
    patches->count = kept;
}

static int collect(struct patches *patches, int64_t since_at, struct rb_err *err)
{
    const struct api_request *request = patches->request;
    struct rb_deployment_row *deployments;
    struct wanted wanted;
    size_t count;
    api_causes_begin(&patches->causes, request);
    int status = read_wanted(patches, &wanted, err);
    if (status == 0)
        status = rb_store_deployments(request->options->store, request->arena, &deployments, &count,
                                      err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (is_wanted(&wanted, &deployments[i]))
            status = add_deployment(patches, &deployments[i], since_at, err);
    }
    if (status == 0 && wanted.is_vulnerability)
        keep_those_that_closed(patches, &wanted.vulnerability);
    return status;
}

int api_get_patches(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    RB_CLEANUP(patches_deinit) struct patches patches = {.request = request};
    int64_t since_at, limit;
    int status =
        api_number(request, "since", request->now_at - SINCE_MS, INT64_MAX, &since_at, err);
    if (status == 0)
        status = api_number(request, "limit", LIMIT, LIMIT_MAXIMUM, &limit, err);
    if (status == 0)
        status = api_exposure_begin(&patches.exposure, request, reply, err);
    if (status == 0)
        status = collect(&patches, since_at, err);
    if (status == 0)
        answer(&patches, (size_t)limit, reply->json);
    return status;
}
