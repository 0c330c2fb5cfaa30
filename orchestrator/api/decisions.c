/* SPDX-License-Identifier: Apache-2.0 */
#include "decisions.h"

#include "names.h"
#include "rebake/base/text.h"
#include "shapes.h"

enum { DECISIONS_SHOWN = 50, DECISIONS_MAXIMUM = 1000 };

json_t *api_decision_json(const struct rb_decision_row *row)
{
    json_t *json = rb_json_object();
    rb_json_set_integer(json, "id", row->id);
    rb_json_set_string(json, "about", row->subject);
    rb_json_set_string(json, "name", row->name);
    rb_json_set_string(json, "key", row->key);
    rb_json_set_string(json, "word", row->word);
    rb_json_set_string(json, "rule", row->rule);
    rb_json_set_string(json, "reason", row->reason);
    rb_json_set_time(json, "until", row->until_at);
    rb_json_set_string(json, "error", row->error);
    rb_json_set_time(json, "askedAt", row->asked_at);
    rb_json_set_integer(json, "tookUs", row->took_us);
    rb_json_set(json, "result", api_stored_json(row->result));
    return json;
}

int api_add_decision(const struct api_request *request, int64_t decision_id, json_t *into,
                     struct rb_err *err)
{
    struct rb_decision_row row;
    int status = RB_ENOTFOUND;
    if (decision_id != 0)
        status = rb_store_decision(request->options->store, decision_id, request->arena, &row, err);
    if (status != 0 && status != RB_ENOTFOUND)
        return status;
    rb_json_set(into, "decision", status == 0 ? api_decision_json(&row) : json_null());
    return 0;
}

int api_add_last_decision(const struct api_request *request, int64_t image_id,
                          int64_t deployment_id, json_t *into, struct rb_err *err)
{
    struct rb_decision_row *rows;
    size_t count;
    int status = rb_store_decisions(request->options->store, deployment_id != 0 ? 0 : image_id,
                                    deployment_id, 1, request->arena, &rows, &count, err);
    if (status == 0)
        rb_json_set(into, "decision", count > 0 ? api_decision_json(&rows[0]) : json_null());
    return status;
}

/* A decision by its number, or the newest of an image or a deployment. */
static int find(const struct api_request *request, const char *asked,
                struct rb_decision_row *ret_row, struct rb_err *err)
{
    struct rb_store *store = request->options->store;
    struct rb_decision_row *rows;
    struct api_named named;
    size_t count;
    int64_t id;
    if (rb_text_to_i64(asked, &id))
        return rb_store_decision(store, id, request->arena, ret_row, err);
    int status = api_find_named(request, asked, &named, err);
    if (status == 0)
        status = rb_store_decisions(store, named.is_deployment ? 0 : named.image.id,
                                    named.is_deployment ? named.deployment.id : 0, 1,
                                    request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    if (count == 0)
        return rb_err_set(err, RB_ENOTFOUND, "nothing was decided about %s yet", named.name);
    *ret_row = rows[0];
    return 0;
}

int api_get_decision(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    struct rb_decision_row row = {0};
    json_t *input = NULL;
    int status = find(request, request->arguments[0], &row, err);
    if (status != 0)
        return status;
    status = rb_store_decision_input(request->options->store, row.id, &input, err);
    if (status != 0 && status != RB_ENOTFOUND)
        return status;
    reply->json = api_decision_json(&row);
    rb_json_set(reply->json, "input", input != NULL ? input : json_null());
    return 0;
}

int api_get_decisions(const struct api_request *request, struct api_reply *reply,
                      struct rb_err *err)
{
    const char *asked = request->parameter(request, "subject");
    struct rb_decision_row *rows;
    struct api_named named = {0};
    int64_t limit;
    size_t count;
    int status = api_number(request, "limit", DECISIONS_SHOWN, DECISIONS_MAXIMUM, &limit, err);
    if (status == 0 && asked != NULL)
        status = api_find_named(request, asked, &named, err);
    if (status == 0)
        status =
            rb_store_decisions(request->options->store, named.is_deployment ? 0 : named.image.id,
                               named.is_deployment ? named.deployment.id : 0, (size_t)limit,
                               request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++)
        rb_json_append(array, api_decision_json(&rows[i]));
    reply->json = rb_json_object();
    rb_json_set(reply->json, "decisions", array);
    return 0;
}
