/* SPDX-License-Identifier: Apache-2.0 */
#include "shapes.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "rebake/store/queue.h"

json_t *api_stored_json(const char *text)
{
    json_t *json = NULL;
    if (text == NULL)
        return json_null();
    int status = rb_json_parse(text, strlen(text), "stored JSON", &json, NULL);
    return status == 0 ? json : json_null();
}

static json_t *names_json(const char *names)
{
    json_t *array = rb_json_array();
    while (*names != '\0') {
        size_t size = strcspn(names, ",");
        RB_CLEANUP_FREE char *name = rb_strndup(names, size);
        rb_json_append_string(array, name);
        names += size;
        names += strspn(names, ", ");
    }
    return array;
}

static const char *source_state(const struct rb_source_row *row)
{
    if (row->error_code != NULL)
        return "failing";
    return row->last_check_at == 0 ? "new" : "good";
}

static json_t *limit_json(const struct rb_http_limit *limit)
{
    if (limit->window_ms <= 0)
        return json_null();
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "remaining", limit->remaining);
    rb_json_set(json, "total", limit->total > 0 ? json_integer(limit->total) : json_null());
    rb_json_set_integer(json, "windowMs", limit->window_ms);
    return json;
}

static json_t *host_json(const struct rb_api_host *host)
{
    if (host->name == NULL)
        return json_null();
    json_t *json = rb_json_object();
    rb_json_set_string(json, "name", host->name);
    rb_json_set_string(json, "state", host->state);
    rb_json_set_time(json, "until", host->until);
    rb_json_set_integer(json, "underWay", host->under_way);
    rb_json_set(json, "limit", limit_json(&host->limit));
    return json;
}

json_t *api_source_json(const struct api_request *request, const struct rb_source_row *row)
{
    json_t *json = rb_json_object();
    const struct rb_api_options *options = request->options;
    const struct rb_api_host host = options->host_of(options->context, row->id);
    bool is_well = rb_text_equal(row->trouble, "none");
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "kind", row->kind);
    rb_json_set_string(json, "description", row->description);
    rb_json_set(json, "names", names_json(row->names));
    rb_json_set_string(json, "state", source_state(row));
    rb_json_set_string(json, "version", row->version);
    rb_json_set_time(json, "lastCheckAt", row->last_check_at);
    rb_json_set_time(json, "lastGoodAt", row->last_good_at);
    rb_json_set_time(json, "lastChangeAt", row->last_change_at);
    rb_json_set_time(json, "nextCheckAt", row->next_check_at);
    rb_json_set(json, "lagMs",
                row->last_good_at == 0 ? json_null()
                                       : json_integer(request->now_at - row->last_good_at));
    rb_json_set_integer(json, "failures", row->failures);
    rb_json_set_string(json, "error", row->error);
    rb_json_set_string(json, "errorCode", row->error_code);
    rb_json_set_string(json, "trouble", is_well ? NULL : row->trouble);
    rb_json_set_time(json, "troubleSince", row->trouble_since);
    rb_json_set_integer(json, "intervalMs", row->interval_ms);
    rb_json_set_integer(json, "checks", row->checks);
    rb_json_set_integer(json, "requests", row->requests);
    rb_json_set_integer(json, "bytes", row->bytes);
    rb_json_set(json, "host", host_json(&host));
    return json;
}

json_t *api_artifact_json(const struct rb_artifact_row *row)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "reference", row->reference);
    rb_json_set_string(json, "digest", row->digest);
    rb_json_set_time(json, "createdAt", row->created_at);
    rb_json_set_integer(json, "sizeBytes", row->size_bytes);
    rb_json_set_bool(json, "good", row->good);
    return json;
}

/* null for the id 0. */
static int artifact_by_id(const struct api_request *request, int64_t id, json_t **ret_json,
                          struct rb_err *err)
{
    struct rb_artifact_row row;
    *ret_json = json_null();
    if (id == 0)
        return 0;
    int status = rb_store_artifact(request->options->store, id, request->arena, &row, err);
    if (status == 0)
        *ret_json = api_artifact_json(&row);
    return status;
}

/* Why the image's queued build has not started, where that is known; else what the planner said. */
static int queue_cause(const struct api_request *request, const struct rb_image_row *row,
                       const char **ret_cause, struct rb_err *err)
{
    static const char PREFIX[] = "build:";
    int64_t build_id;
    struct rb_queue_row queued;
    *ret_cause = row->cause;
    if (strcmp(row->state, "queued") != 0 || row->waits_for == NULL ||
        !rb_text_starts_with(row->waits_for, PREFIX) ||
        !rb_text_to_i64(row->waits_for + strlen(PREFIX), &build_id))
        return 0;
    int status = rb_store_queued(request->options->store, build_id, request->arena, &queued, err);
    if (status == 0 && !queued.running && *queued.wait.text != '\0')
        *ret_cause = queued.wait.text;
    return status;
}

int api_image_json(const struct api_request *request, const struct rb_image_row *row,
                   json_t **ret_json, struct rb_err *err)
{
    json_t *artifact;
    const char *cause;
    int status = queue_cause(request, row, &cause, err);
    if (status == 0)
        status = artifact_by_id(request, row->artifact_id, &artifact, err);
    if (status != 0)
        return status;
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "name", api_full_name(request, row->pipeline, row->name));
    rb_json_set_string(json, "state", row->state);
    rb_json_set_string(json, "cause", cause);
    rb_json_set_string(json, "waitsFor", row->waits_for);
    rb_json_set_time(json, "since", row->state_since);
    rb_json_set(json, "reasons", api_stored_json(row->reasons));
    rb_json_set(json, "artifact", artifact);
    rb_json_set_string(json, "inputKey", row->input_key);
    *ret_json = json;
    return 0;
}

static json_t *reasons_json(const struct rb_build_row *row)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < row->reason_count; i++) {
        json_t *json = rb_json_object();
        rb_json_set_string(json, "kind", row->reasons[i].kind);
        rb_json_set_string(json, "subject", row->reasons[i].subject);
        rb_json_set_string(json, "from", row->reasons[i].from);
        rb_json_set_string(json, "to", row->reasons[i].to);
        rb_json_set_bool(json, "remains", row->reasons[i].remains);
        rb_json_append(array, json);
    }
    return array;
}

static int64_t elapsed_ms(const struct api_request *request, const struct rb_build_row *row)
{
    if (row->started_at == 0)
        return 0;
    return (row->finished_at != 0 ? row->finished_at : request->now_at) - row->started_at;
}

static json_t *wait_json(const struct rb_queue_row *row)
{
    if (row->running || *row->wait.cause == '\0')
        return json_null();
    json_t *json = rb_json_object();
    rb_json_set_string(json, "cause", row->wait.cause);
    rb_json_set_string(json, "text", row->wait.text);
    rb_json_set_string(json, "waitsFor", row->wait.waits_for);
    return json;
}

/* How it is served, and why it waits. */
static void add_terms(const struct rb_queue_row *row, bool is_queued, json_t *json)
{
    int64_t expected_ms = row->terms.expected_ms;
    rb_json_set_integer(json, "priority", row->terms.priority);
    rb_json_set(json, "expectedMs", expected_ms == 0 ? json_null() : json_integer(expected_ms));
    rb_json_set(json, "waits", is_queued ? wait_json(row) : json_null());
}

int api_build_json(const struct api_request *request, const struct rb_build_row *row,
                   json_t **ret_json, struct rb_err *err)
{
    json_t *artifact;
    struct rb_queue_row queued;
    int status = rb_store_queued(request->options->store, row->id, request->arena, &queued, err);
    if (status == 0)
        status = artifact_by_id(request, row->artifact_id, &artifact, err);
    if (status != 0)
        return status;
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_bool(json, "givenUp", row->given_up);
    rb_json_set_string(json, "trial", row->trial);
    rb_json_set_string(json, "image", api_full_name(request, row->pipeline, row->image));
    rb_json_set_string(json, "state", rb_build_state_name(row->state));
    rb_json_set_integer(json, "attempt", row->attempt);
    rb_json_set_time(json, "createdAt", row->created_at);
    rb_json_set_time(json, "startedAt", row->started_at);
    rb_json_set_time(json, "finishedAt", row->finished_at);
    rb_json_set_integer(json, "elapsedMs", elapsed_ms(request, row));
    rb_json_set_string(json, "errorClass", row->error_class);
    rb_json_set_string(json, "error", row->error);
    rb_json_set(json, "reasons", reasons_json(row));
    rb_json_set(json, "artifact", artifact);
    rb_json_set_string(json, "log",
                       row->job_folder == NULL
                           ? NULL
                           : rb_arena_printf(request->arena, "%s/log", row->job_folder));
    add_terms(&queued, row->state == RB_BUILD_QUEUED, json);
    *ret_json = json;
    return 0;
}

static json_t *drift_json(const struct rb_drift_row *row)
{
    json_t *json = rb_json_object();
    rb_json_set_string(json, "kind", row->kind);
    rb_json_set_string(json, "subject", row->subject);
    rb_json_set_string(json, "expected", row->expected);
    rb_json_set_string(json, "found", row->found);
    rb_json_set_time(json, "firstSeenAt", row->first_seen_at);
    rb_json_set_time(json, "lastSeenAt", row->last_seen_at);
    rb_json_set_time(json, "resolvedAt", row->resolved_at);
    return json;
}

static int wanted_digest(const struct api_request *request, int64_t image_id,
                         const char **ret_digest, struct rb_err *err)
{
    struct rb_image_row image;
    struct rb_artifact_row artifact;
    struct rb_store *store = request->options->store;
    *ret_digest = NULL;
    int status = rb_store_image(store, image_id, request->arena, &image, err);
    if (status != 0 || image.artifact_id == 0)
        return status;
    status = rb_store_artifact(store, image.artifact_id, request->arena, &artifact, err);
    if (status == 0)
        *ret_digest = artifact.digest;
    return status;
}

int api_deployment_json(const struct api_request *request, const struct rb_deployment_row *row,
                        const struct rb_drift_row *drift, size_t drift_count, json_t **ret_json,
                        struct rb_err *err)
{
    const char *wanted;
    int64_t open = 0;
    int status = wanted_digest(request, row->image_id, &wanted, err);
    if (status != 0)
        return status;
    json_t *json = rb_json_object(), *shown = rb_json_array();
    for (size_t i = 0; i < drift_count; i++) {
        if (drift[i].deployment_id == row->id && open++ < API_DRIFT_SHOWN)
            rb_json_append(shown, drift_json(&drift[i]));
    }
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "name", api_full_name(request, row->pipeline, row->name));
    rb_json_set_string(json, "image", api_full_name(request, row->pipeline, row->image));
    rb_json_set_string(json, "state", row->state);
    rb_json_set_string(json, "cause", row->cause);
    rb_json_set_time(json, "since", row->state_since);
    rb_json_set_string(json, "held", row->held);
    rb_json_set_string(json, "heldCause", row->held_cause);
    rb_json_set_string(json, "digest", row->digest);
    rb_json_set_string(json, "wantedDigest", wanted);
    rb_json_set_time(json, "observedAt", row->observed_at);
    rb_json_set_time(json, "nextObserveAt", row->next_observe_at);
    rb_json_set_integer(json, "failures", row->failures);
    rb_json_set_time(json, "retryAt", row->retry_at);
    rb_json_set_integer(json, "driftCount", open);
    rb_json_set(json, "drift", shown);
    *ret_json = json;
    return 0;
}

json_t *api_rollout_json(const struct api_request *request, const struct rb_rollout_row *row)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "deployment", api_full_name(request, row->pipeline, row->deployment));
    rb_json_set_string(json, "kind", row->kind);
    rb_json_set_string(json, "state", row->state);
    rb_json_set_time(json, "startedAt", row->started_at);
    rb_json_set_time(json, "finishedAt", row->finished_at);
    rb_json_set_string(json, "error", row->error);
    rb_json_set(json, "decision",
                row->decision_id == 0 ? json_null() : json_integer(row->decision_id));
    return json;
}

json_t *api_event_json(const struct rb_event *event)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", event->id);
    rb_json_set_time(json, "at", event->at);
    rb_json_set_string(json, "actor", event->actor);
    rb_json_set_string(json, "name", event->name);
    rb_json_set_string(json, "subject", event->subject);
    rb_json_set(json, "data", api_stored_json(event->data));
    return json;
}
