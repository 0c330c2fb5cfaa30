/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pins: of a source for all images, of a pipeline's source for its images, of an image's input for
 * that one.
 */
#include <string.h>

#include "names.h"
#include "orders.h"
#include "rebake/base/text.h"
#include "rebake/store/pins.h"
#include "shapes.h"

/* A source as somebody names it, and for whom. */
struct pinned {
    const char *subject;  /* as in rebake/store/pins.h */
    const char *pipeline; /* NULL: for all */
    const char *image;    /* "shop/app"; NULL: for all of the pipeline */
    const struct rb_source_row *source;
};

/* Does the pipeline (NULL: some one) call the source so? */
static bool is_called(const struct rb_source_row *row, const char *pipeline, const char *name)
{
    size_t pipeline_size = pipeline == NULL ? 0 : strlen(pipeline), size = strlen(name);
    for (const char *at = row->names; *at != '\0'; at += strspn(at, ", ")) {
        size_t length = strcspn(at, ","), owner = strcspn(at, "/");
        bool is_of_pipeline = pipeline == NULL ||
                              (owner == pipeline_size && strncmp(at, pipeline, pipeline_size) == 0);
        if (is_of_pipeline && length == owner + 1 + size &&
            strncmp(at + owner + 1, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

/* *ret_source is NULL where none is called so. */
static int find_source(const struct api_request *request, const char *pipeline, const char *name,
                       const struct rb_source_row **ret_source, struct rb_err *err)
{
    struct rb_source_row *rows;
    size_t count;
    int status = rb_store_sources(request->options->store, request->arena, &rows, &count, err);
    *ret_source = NULL;
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (!is_called(&rows[i], pipeline, name))
            continue;
        if (*ret_source != NULL)
            return rb_err_set(err, RB_EINVALID,
                              "several sources are called %s: name one as PIPELINE/%s", name, name);
        *ret_source = &rows[i];
    }
    return status;
}

static int no_source(const char *asked, struct rb_err *err)
{
    return rb_err_set(err, RB_ENOTFOUND, "no source is called %s", asked);
}

/* IMAGE/INPUT */
static int find_input(const struct api_request *request, const char *asked, const char *slash,
                      struct pinned *pinned, struct rb_err *err)
{
    struct rb_image_row image;
    const char *name = rb_arena_strndup(request->arena, asked, (size_t)(slash - asked));
    int status = api_find_image(request, name, &image, err);
    if (status == 0)
        status = find_source(request, image.pipeline, slash + 1, &pinned->source, err);
    if (status != 0)
        return status;
    if (pinned->source == NULL)
        return no_source(asked, err);
    pinned->pipeline = image.pipeline;
    pinned->image = api_full_name(request, image.pipeline, image.name);
    pinned->subject = api_full_name(request, pinned->image, slash + 1);
    return 0;
}

/* SOURCE */
static int find_shared(const struct api_request *request, const char *asked, struct pinned *pinned,
                       struct rb_err *err)
{
    int status = find_source(request, NULL, asked, &pinned->source, err);
    if (status != 0)
        return status;
    if (pinned->source == NULL)
        return no_source(asked, err);
    pinned->subject = rb_arena_printf(request->arena, "source:%lld", (long long)pinned->source->id);
    return 0;
}

static int find_pinned(const struct api_request *request, const char *asked, struct pinned *pinned,
                       struct rb_err *err)
{
    const char *slash = strrchr(asked, '/');
    *pinned = (struct pinned){0};
    if (slash == NULL)
        return find_shared(request, asked, pinned, err);
    const char *owner = rb_arena_strndup(request->arena, asked, (size_t)(slash - asked));
    bool is_pipeline;
    int status = api_is_pipeline(request, owner, &is_pipeline, err);
    if (status == 0 && is_pipeline)
        status = find_source(request, owner, slash + 1, &pinned->source, err);
    if (status != 0)
        return status;
    if (pinned->source == NULL)
        return find_input(request, asked, slash, pinned, err);
    pinned->pipeline = owner;
    pinned->subject = asked;
    return 0;
}

static int find_version(const struct api_request *request, const struct pinned *pinned,
                        const char *text, int64_t *ret_id, struct rb_err *err)
{
    struct rb_version_row version;
    *ret_id = pinned->source->version_id;
    if (strcmp(text, "present") != 0) {
        int status = rb_store_version_named(request->options->store, pinned->source->id, text,
                                            request->arena, &version, err);
        *ret_id = status == 0 ? version.id : 0;
        return status;
    }
    return *ret_id != 0
               ? 0
               : rb_err_set(err, RB_EINVALID, "%s: no version of it was seen yet", pinned->subject);
}

int api_pin_source(const struct api_request *request, const char *asked, const char *text,
                   struct rb_pin_row *ret_pin, struct rb_err *err)
{
    const struct rb_api_options *options = request->options;
    struct pinned pinned;
    *ret_pin = (struct rb_pin_row){.who = request->actor};
    int status = api_want_why(request, false, &ret_pin->why, err);
    if (status == 0)
        status = api_want_until(request, &ret_pin->until_at, err);
    if (status == 0)
        status = find_pinned(request, asked, &pinned, err);
    if (status == 0)
        status = find_version(request, &pinned, text, &ret_pin->version_id, err);
    if (status != 0)
        return status;
    ret_pin->subject = pinned.subject;
    status = options->keep_version(options->context, ret_pin->version_id, pinned.pipeline,
                                   pinned.image, err);
    if (status != 0)
        return rb_err_wrap(err, "%s cannot be pinned", asked);
    return rb_store_pin(options->store, ret_pin, err);
}

int api_pin(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *asked, *text;
    struct rb_pin_row pin;
    struct rb_version_row version;
    int status = rb_json_want_string(request->body, "the request", "source", &asked, err);
    if (status == 0)
        status = rb_json_want_string(request->body, "the request", "version", &text, err);
    if (status == 0)
        status = api_pin_source(request, asked, text, &pin, err);
    if (status == 0)
        status = rb_store_version(request->options->store, pin.version_id, request->arena, &version,
                                  err);
    if (status != 0)
        return status;
    request->options->changed(request->options->context);
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "subject", pin.subject);
    rb_json_set_integer(reply->json, "versionId", pin.version_id);
    rb_json_set_string(reply->json, "version", version.value);
    return 0;
}

/* A pin may outlive what it was set for: its own words lift it. */
static int find_set(const struct api_request *request, const char *asked, const char **ret_subject,
                    struct rb_err *err)
{
    struct rb_pin_row *rows;
    struct pinned pinned;
    size_t count;
    int status = rb_store_pins(request->options->store, request->arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (strcmp(rows[i].subject, asked) == 0) {
            *ret_subject = asked;
            return 0;
        }
    }
    if (status == 0)
        status = find_pinned(request, asked, &pinned, err);
    if (status == 0)
        *ret_subject = pinned.subject;
    return status;
}

int api_unpin_source(const struct api_request *request, const char *asked, const char **ret_subject,
                     struct rb_err *err)
{
    int status = find_set(request, asked, ret_subject, err);
    return status == 0 ? rb_store_unpin(request->options->store, *ret_subject, request->actor, err)
                       : status;
}

int api_unpin(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *asked, *subject;
    int status = rb_json_want_string(request->body, "the request", "source", &asked, err);
    if (status == 0)
        status = api_unpin_source(request, asked, &subject, err);
    if (status != 0)
        return status;
    request->options->changed(request->options->context);
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "subject", subject);
    return 0;
}
