/* SPDX-License-Identifier: Apache-2.0 */
#include "deadlines.h"
#include "names.h"
#include "shapes.h"
#include "words.h"

static int add_pipelines(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_pipeline_row *rows;
    size_t count;
    int status = rb_store_pipelines(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *json = rb_json_object();
        rb_json_set_string(json, "name", rows[i].name);
        rb_json_set_string(json, "file", rows[i].file);
        rb_json_set_time(json, "loadedAt", rows[i].loaded_at);
        rb_json_append(array, json);
    }
    rb_json_set(into, "pipelines", array);
    return 0;
}

static int add_images(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_image_row *rows;
    size_t count;
    int status = rb_store_images(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    rb_json_set(into, "images", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        json_t *json;
        status = api_image_json(request, &rows[i], &json, err);
        if (status == 0)
            rb_json_append(array, json);
    }
    return status;
}

/* Oldest first: the one that has waited longest stands on top. */
static int add_open_builds(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_build_row *rows;
    size_t count;
    int status =
        rb_store_builds(request->options->store, 0, true, 0, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    rb_json_set(into, "builds", array);
    for (size_t i = count; status == 0 && i-- > 0;) {
        json_t *json;
        status = api_build_json(request, &rows[i], &json, err);
        if (status == 0)
            rb_json_append(array, json);
    }
    return status;
}

static int add_deployments(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_store *store = request->options->store;
    struct rb_deployment_row *rows;
    struct rb_drift_row *drift;
    size_t count, drift_count;
    int status = rb_store_deployments(store, request->arena, &rows, &count, err);
    if (status == 0)
        status = rb_store_drift(store, 0, true, 0, request->arena, &drift, &drift_count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    rb_json_set(into, "deployments", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        json_t *json;
        status = api_deployment_json(request, &rows[i], drift, drift_count, &json, err);
        if (status == 0)
            rb_json_append(array, json);
    }
    return status;
}

static int add_policy(const struct api_request *request, json_t *into, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    (void)err;
    rb_json_set(into, "policyServers",
                options->policy == NULL ? rb_json_array() : options->policy(options->context));
    return 0;
}

int api_get_status(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    static int (*const PARTS[])(const struct api_request *, json_t *, struct rb_err *) = {
        api_add_words,   add_pipelines,   api_add_sources, add_images,
        add_open_builds, add_deployments, api_add_sla,     add_policy};
    int status = 0;
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "version", request->options->version);
    rb_json_set_time(reply->json, "startedAt", request->options->started_at);
    rb_json_set_time(reply->json, "now", request->now_at);
    rb_json_set_bool(reply->json, "planning",
                     request->options->is_behind(request->options->context));
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(PARTS); i++)
        status = PARTS[i](request, reply->json, err);
    return status;
}

int api_get_hooks(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    return request->options->hooks(request->options->context, &reply->json, err);
}

int api_get_health(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct rb_pause_row *rows;
    size_t count;
    int status = rb_store_pauses(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    reply->json = rb_json_object();
    rb_json_set_bool(reply->json, "ok", true);
    return 0;
}
