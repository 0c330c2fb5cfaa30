/* SPDX-License-Identifier: Apache-2.0 */
/* What people ask for: it is recorded with who asked, and the daemon is told. */
#include "orders.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "rebake/store/sources.h"

int api_want_why(const struct api_request *request, bool may_be_empty, const char **ret_why,
                 struct rb_err *err)
{
    *ret_why = rb_json_get_string(request->body, "why", "");
    if (strlen(*ret_why) > API_WHY_MAXIMUM)
        return rb_err_set(err, RB_EINVALID, "\"why\" is longer than %d bytes", API_WHY_MAXIMUM);
    if (**ret_why == '\0' && !may_be_empty)
        return rb_err_set(err, RB_EINVALID, "\"why\" is missing: say why, for those who ask later");
    return 0;
}

static void reply_about(struct api_reply *reply, int status, const char *member, const char *name)
{
    reply->status = status;
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, member, name);
}

static int request_build(const struct api_request *request, int64_t image_id, const char *why,
                         struct rb_err *err)
{
    bool force = rb_json_get_bool(request->body, "force", false);
    return (force ? rb_store_force_build : rb_store_add_request)(request->options->store, image_id,
                                                                 request->actor, why, err);
}

int api_trigger(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    const char *name = request->arguments[0], *why;
    struct rb_image_row image;
    if (request->arguments[1] != NULL)
        name = api_full_name(request, name, request->arguments[1]);
    int status = api_find_image(request, name, &image, err);
    if (status == 0)
        status = api_want_why(request, false, &why, err);
    if (status == 0)
        status = request_build(request, image.id, why, err);
    if (status != 0)
        return status;
    options->changed(options->context);
    reply_about(reply, 202, "image", api_full_name(request, image.pipeline, image.name));
    return 0;
}

int api_is_pipeline(const struct api_request *request, const char *name, bool *ret_is,
                    struct rb_err *err)
{
    struct rb_pipeline_row *rows;
    size_t count;
    int status = rb_store_pipelines(request->options->store, request->arena, &rows, &count, err);
    *ret_is = false;
    for (size_t i = 0; status == 0 && i < count; i++)
        *ret_is = *ret_is || strcmp(rows[i].name, name) == 0;
    return status;
}

/* What is to be paused, by its full name. */
static int resolve_subject(const struct api_request *request, const char *asked,
                           const char **ret_subject, struct rb_err *err)
{
    bool pipeline;
    struct api_named named;
    int status = api_is_pipeline(request, asked, &pipeline, err);
    if (status != 0)
        return status;
    *ret_subject = asked;
    if (pipeline || strcmp(asked, "all") == 0)
        return 0;
    status = api_find_named(request, asked, &named, err);
    if (status == 0)
        *ret_subject = named.name;
    return status;
}

int api_want_until(const struct api_request *request, int64_t *ret_at, struct rb_err *err)
{
    static const int64_t LONGEST_MS = INT64_C(366) * 24 * 3600 * 1000;
    const json_t *member = json_object_get(request->body, "forMs");
    int64_t for_ms = json_integer_value(member);
    *ret_at = 0;
    if (member == NULL || json_is_null(member))
        return 0;
    if (for_ms < 1 || for_ms > LONGEST_MS)
        return rb_err_set(err, RB_EINVALID,
                          "\"forMs\" is not a number of milliseconds, of a year at most");
    *ret_at = request->now_at + for_ms;
    return 0;
}

/* A source is paused by pinning it to its newest version: what comes is recorded, and nothing is
   done about it. Where none is called so either, err stays what it is. */
static int pause_source(const struct api_request *request, const char *asked,
                        const char **ret_subject, struct rb_err *err)
{
    struct rb_pin_row pin = {0};
    struct rb_err other;
    int status = api_pin_source(request, asked, "present", &pin, &other);
    *ret_subject = pin.subject;
    return status == 0 || status == RB_ENOTFOUND ? status : rb_err_copy(err, &other);
}

static int pause_named(const struct api_request *request, const char *asked, const char *why,
                       int64_t until_at, const char **ret_subject, struct rb_err *err)
{
    int status = resolve_subject(request, asked, ret_subject, err);
    if (status == RB_ENOTFOUND)
        return pause_source(request, asked, ret_subject, err);
    return status == 0 ? rb_store_pause(request->options->store, *ret_subject, request->actor, why,
                                        until_at, err)
                       : status;
}

static int resume_source(const struct api_request *request, const char *asked,
                         const char **ret_subject, struct rb_err *err)
{
    struct rb_err other;
    int status = api_unpin_source(request, asked, ret_subject, &other);
    return status == 0 || status == RB_ENOTFOUND ? status : rb_err_copy(err, &other);
}

int api_pause(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    const char *asked, *subject = NULL, *why;
    int64_t until_at;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_want_why(request, false, &why, err);
    if (status == 0)
        status = api_want_until(request, &until_at, err);
    if (status == 0)
        status = pause_named(request, asked, why, until_at, &subject, err);
    if (status != 0)
        return status;
    options->changed(options->context);
    reply_about(reply, 200, "subject", subject);
    return 0;
}

/* A pause may outlive what it was set for: its own words lift it. */
static int is_paused(const struct api_request *request, const char *subject, bool *ret_is,
                     struct rb_err *err)
{
    struct rb_pause_row *rows;
    size_t count;
    int status = rb_store_pauses(request->options->store, request->arena, &rows, &count, err);
    *ret_is = false;
    for (size_t i = 0; status == 0 && i < count; i++)
        *ret_is = *ret_is || strcmp(rows[i].subject, subject) == 0;
    return status;
}

static int resume_named(const struct api_request *request, const char *asked,
                        const char **ret_subject, struct rb_err *err)
{
    bool paused;
    int status = is_paused(request, asked, &paused, err);
    *ret_subject = asked;
    if (status == 0 && !paused)
        status = resolve_subject(request, asked, ret_subject, err);
    if (status == RB_ENOTFOUND)
        return resume_source(request, asked, ret_subject, err);
    return status == 0 ? rb_store_resume(request->options->store, *ret_subject, request->actor, err)
                       : status;
}

int api_resume(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    const char *asked, *subject, *why;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_want_why(request, true, &why, err);
    if (status == 0)
        status = resume_named(request, asked, &subject, err);
    if (status != 0)
        return status;
    options->changed(options->context);
    reply_about(reply, 200, "subject", subject);
    return 0;
}

int api_check(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    struct rb_source_row row;
    int64_t id = 0;
    int status = 0;
    if (request->arguments[0] != NULL)
        status = api_want_id(request, "source", &id, err);
    if (status == 0 && id != 0)
        status = rb_store_source(options->store, id, request->arena, &row, err);
    if (status == 0)
        status = options->check_now(options->context, id, err);
    if (status != 0)
        return status;
    reply->status = 202;
    reply->json = rb_json_object();
    rb_json_set(reply->json, "source", id == 0 ? json_null() : json_integer(id));
    return 0;
}

/* Of a pipeline, or NULL: all. */
static int request_builds(const struct api_request *request, const char *pipeline, const char *why,
                          json_t *requested, struct rb_err *err)
{
    struct rb_image_row *rows;
    size_t count;
    int status = rb_store_images(request->options->store, request->arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (pipeline != NULL && strcmp(rows[i].pipeline, pipeline) != 0)
            continue;
        status = request_build(request, rows[i].id, why, err);
        rb_json_append_string(requested, api_full_name(request, rows[i].pipeline, rows[i].name));
    }
    return status;
}

static int request_named(const struct api_request *request, const char *asked, const char *why,
                         json_t *requested, struct rb_err *err)
{
    bool is_pipeline;
    struct rb_image_row image;
    int status = api_is_pipeline(request, asked, &is_pipeline, err);
    if (status == 0 && (is_pipeline || strcmp(asked, "all") == 0))
        return request_builds(request, is_pipeline ? asked : NULL, why, requested, err);
    if (status == 0)
        status = api_find_image(request, asked, &image, err);
    if (status == 0)
        status = request_build(request, image.id, why, err);
    if (status == 0)
        rb_json_append_string(requested, api_full_name(request, image.pipeline, image.name));
    return status;
}

int api_trigger_named(const struct api_request *request, struct api_reply *reply,
                      struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    const char *asked, *why;
    int status = rb_json_want_string(request->body, "the request", "subject", &asked, err);
    if (status == 0)
        status = api_want_why(request, false, &why, err);
    if (status == 0)
        status = rb_store_begin(options->store, err);
    if (status != 0)
        return status;
    RB_CLEANUP_JSON json_t *requested = rb_json_array();
    status = request_named(request, asked, why, requested, err);
    if (status == 0)
        status = rb_store_commit(options->store, err);
    if (status != 0) {
        rb_store_rollback(options->store);
        return status;
    }
    options->changed(options->context);
    reply->status = 202;
    reply->json = rb_json_object();
    rb_json_set(reply->json, "images", json_incref(requested));
    return 0;
}
