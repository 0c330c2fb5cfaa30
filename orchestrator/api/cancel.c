/* SPDX-License-Identifier: Apache-2.0 */
/* Canceling builds: one, an image's, or all of a pipeline or everywhere that are open now. */
#include <string.h>

#include "names.h"
#include "orders.h"
#include "rebake/base/text.h"

/* Whose open builds; all unset: everybody's. */
struct scope {
    int64_t build_id;
    int64_t image_id;
    const char *pipeline;
};

static int find_scope(const struct api_request *request, const char *asked, struct scope *scope,
                      struct rb_err *err)
{
    bool is_pipeline;
    struct rb_image_row image;
    const char *number = rb_text_starts_with(asked, "build:") ? asked + strlen("build:") : asked;
    *scope = (struct scope){0};
    if (strcmp(asked, "all") == 0 ||
        (rb_text_to_i64(number, &scope->build_id) && scope->build_id > 0))
        return 0;
    int status = api_is_pipeline(request, asked, &is_pipeline, err);
    if (status == 0 && is_pipeline)
        scope->pipeline = asked;
    else if (status == 0)
        status = api_find_image(request, asked, &image, err);
    if (status == 0 && !is_pipeline)
        scope->image_id = image.id;
    return status;
}

/* The reason is in the store before the build is stopped: its end tells it. */
static int cancel_build(const struct api_request *request, int64_t id, const char *why,
                        struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    int status = rb_store_begin(options->store, err);
    if (status != 0)
        return status;
    status = rb_store_note_cancel(options->store, id, request->actor, why, err);
    if (status == 0)
        status = options->cancel_build(options->context, id, err);
    if (status == 0)
        status = rb_store_commit(options->store, err);
    if (status != 0)
        rb_store_rollback(options->store);
    return status;
}

static int cancel_open(const struct api_request *request, const struct scope *scope,
                       const char *why, json_t *canceled, struct rb_err *err)
{
    struct rb_build_row *rows;
    size_t count;
    int status = rb_store_builds(request->options->store, scope->image_id, true, 0, request->arena,
                                 &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (scope->pipeline != NULL && strcmp(rows[i].pipeline, scope->pipeline) != 0)
            continue;
        status = cancel_build(request, rows[i].id, why, err);
        if (status == 0)
            rb_json_append(canceled, json_integer(rows[i].id));
        else if (status == RB_ENOTFOUND) /* it ends just now */
            status = 0;
    }
    return status;
}

static int cancel_one(const struct api_request *request, struct api_reply *reply, int64_t id,
                      const char *why, struct rb_err *err)
{
    struct rb_build_row row;
    int status = rb_store_build(request->options->store, id, request->arena, &row, err);
    if (status != 0)
        return status;
    status = cancel_build(request, id, why, err);
    if (status == RB_ENOTFOUND) /* it is there, and cannot be stopped any more */
        reply->status = 409;
    return status;
}

int api_cancel(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *asked, *why;
    struct scope scope;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_want_why(request, false, &why, err);
    if (status == 0)
        status = find_scope(request, asked, &scope, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *canceled = rb_json_array();
    if (scope.build_id != 0) {
        status = cancel_one(request, reply, scope.build_id, why, err);
        rb_json_append(canceled, json_integer(scope.build_id));
    } else {
        status = cancel_open(request, &scope, why, canceled, err);
    }
    if (status == 0 && json_array_size(canceled) == 0) {
        reply->status = 409;
        return rb_err_set(err, RB_EINVALID, "no build of %s is queued or runs", asked);
    }
    if (status != 0)
        return status;
    reply->status = 202;
    reply->json = rb_json_object();
    rb_json_set(reply->json, "builds", json_incref(canceled));
    return 0;
}
