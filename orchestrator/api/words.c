/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "rebake/store/approvals.h"
#include "rebake/store/pins.h"
#include "rebake/store/sources.h"

/* What each of a person's words has; until_at 0: it does not end by itself. */
static json_t *word_json(json_t *array, const char *subject, const char *who, const char *why,
                         int64_t at, int64_t until_at)
{
    json_t *json = rb_json_object();
    rb_json_append(array, json);
    rb_json_set_string(json, "subject", subject);
    rb_json_set_string(json, "who", who);
    rb_json_set_string(json, "why", why);
    rb_json_set_time(json, "at", at);
    rb_json_set_time(json, "until", until_at);
    return json;
}

static int add_pauses(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_pause_row *rows;
    size_t count;
    bool all = false;
    int status = rb_store_pauses(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        (void)word_json(array, rows[i].subject, rows[i].who, rows[i].why, rows[i].at,
                        rows[i].until_at);
        all = all || rb_text_equal(rows[i].subject, "all");
    }
    rb_json_set_bool(into, "paused", all);
    rb_json_set(into, "pauses", array);
    return 0;
}

/* Of an image NULL: all. */
static bool is_about(const struct api_request *request, const struct rb_pin_row *pin,
                     const char *names, const struct rb_image_row *image)
{
    if (image == NULL)
        return true;
    if (rb_text_starts_with(pin->subject, "source:"))
        return api_is_named_by(names, image->pipeline);
    const char *name = api_full_name(request, image->pipeline, image->name);
    size_t size = strlen(image->pipeline), name_size = strlen(name);
    if (strncmp(pin->subject, name, name_size) == 0 && pin->subject[name_size] == '/')
        return true;
    return strncmp(pin->subject, image->pipeline, size) == 0 && pin->subject[size] == '/' &&
           strchr(pin->subject + size + 1, '/') == NULL;
}

int api_add_pins_of(const struct api_request *request, const struct rb_image_row *image,
                    json_t *into, struct rb_err *err)
{
    struct rb_store *store = request->options->store;
    struct rb_pin_row *rows;
    size_t count;
    int status = rb_store_pins(store, request->arena, &rows, &count, err);
    json_t *array = rb_json_array();
    rb_json_set(into, "pins", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        struct rb_source_row source;
        status = rb_store_source(store, rows[i].source_id, request->arena, &source, err);
        if (status != 0 || !is_about(request, &rows[i], source.names, image))
            continue;
        json_t *json = word_json(array, rows[i].subject, rows[i].who, rows[i].why, rows[i].at,
                                 rows[i].until_at);
        rb_json_set_integer(json, "sourceId", rows[i].source_id);
        rb_json_set_string(json, "source", source.names);
        rb_json_set_integer(json, "versionId", rows[i].version_id);
        rb_json_set_string(json, "version", rows[i].version);
        rb_json_set_string(json, "newest", source.version);
    }
    return status;
}

static int add_pins(const struct api_request *request, json_t *into, struct rb_err *err)
{
    return api_add_pins_of(request, NULL, into, err);
}

static int add_approvals(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_approval_row *rows;
    size_t count;
    int status =
        rb_store_approvals(request->options->store, NULL, NULL, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++)
        rb_json_set_string(word_json(array, rows[i].subject, rows[i].who, rows[i].why, rows[i].at,
                                     rows[i].until_at),
                           "key", rows[i].key);
    rb_json_set(into, "approvals", array);
    return 0;
}

/* Those that no build serves yet. */
static int add_requests(const struct api_request *request, json_t *into, struct rb_err *err)
{
    struct rb_store *store = request->options->store;
    struct rb_request_row *rows;
    struct rb_image_row image;
    size_t count;
    int status = rb_store_open_requests(store, request->arena, &rows, &count, err);
    json_t *array = rb_json_array();
    rb_json_set(into, "requests", array);
    for (size_t i = 0; status == 0 && i < count; i++) {
        status = rb_store_image(store, rows[i].image_id, request->arena, &image, err);
        if (status == 0)
            rb_json_set_bool(word_json(array, api_full_name(request, image.pipeline, image.name),
                                       rows[i].who, rows[i].why, rows[i].at, 0),
                             "force", rows[i].force);
    }
    return status;
}

int api_add_words(const struct api_request *request, json_t *into, struct rb_err *err)
{
    static int (*const PARTS[])(const struct api_request *, json_t *, struct rb_err *) = {
        add_pauses, add_pins, add_approvals, add_requests};
    int status = 0;
    for (size_t i = 0; status == 0 && i < RB_COUNT_OF(PARTS); i++)
        status = PARTS[i](request, into, err);
    return status;
}

int api_get_words(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    reply->json = rb_json_object();
    rb_json_set_time(reply->json, "now", request->now_at);
    return api_add_words(request, reply->json, err);
}
