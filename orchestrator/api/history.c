/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log. What people call a thing is turned into the subject that its events have. */
#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "shapes.h"

enum { LIMIT = 50, LIMIT_MAXIMUM = 1000 };

static bool has_events(const struct api_request *request, const char *subject)
{
    struct rb_event *events;
    size_t count = 0;
    return rb_store_events(request->options->store, subject, 0, 1, request->arena, &events, &count,
                           NULL) == 0 &&
           count > 0;
}

/* "shop/code" among "blog/site, shop/code". */
static bool names_contain(const char *names, const char *asked)
{
    size_t size = strlen(asked);
    for (const char *at = names; (at = strstr(at, asked)) != NULL; at++) {
        bool begins = at == names || at[-1] == ' ';
        if (begins && (at[size] == '\0' || at[size] == ','))
            return true;
    }
    return false;
}

static int source_subject(const struct api_request *request, const char *asked,
                          const char **ret_subject, struct rb_err *err)
{
    struct rb_source_row *rows;
    size_t count;
    int status = rb_store_sources(request->options->store, request->arena, &rows, &count, err);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (names_contain(rows[i].names, asked))
            *ret_subject = rb_arena_printf(request->arena, "source:%lld", (long long)rows[i].id);
    }
    return status;
}

/* A subject as events have it (also of what is gone) is taken as it is; else a source's name; else
   the name of an image or a deployment. */
static int resolve(const struct api_request *request, const char *asked, const char **ret_subject,
                   struct rb_err *err)
{
    struct api_named named;
    *ret_subject = NULL;
    if (rb_text_is_empty(asked))
        return 0;
    if (rb_text_starts_with(asked, "build:") || rb_text_starts_with(asked, "source:") ||
        has_events(request, asked)) {
        *ret_subject = asked;
        return 0;
    }
    int status = source_subject(request, asked, ret_subject, err);
    if (status != 0 || *ret_subject != NULL)
        return status;
    status = api_find_named(request, asked, &named, err);
    if (status == 0)
        *ret_subject = named.name;
    return status;
}

int api_get_history(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *subject;
    int64_t limit, before;
    struct rb_event *events;
    size_t count;
    int status = api_number(request, "limit", LIMIT, LIMIT_MAXIMUM, &limit, err);
    if (status == 0)
        status = api_number(request, "before", 0, INT64_MAX, &before, err);
    if (status == 0)
        status = resolve(request, request->parameter(request, "subject"), &subject, err);
    if (status == 0 && limit == 0)
        status = rb_err_set(err, RB_EINVALID, "limit=0 asks for nothing");
    if (status == 0)
        status = rb_store_events(request->options->store, subject, before, (size_t)limit,
                                 request->arena, &events, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++)
        rb_json_append(array, api_event_json(&events[i]));
    reply->json = rb_json_object();
    rb_json_set_string(reply->json, "subject", subject);
    rb_json_set(reply->json, "events", array);
    return 0;
}
