/* SPDX-License-Identifier: Apache-2.0 */
/* Sources, all or those that are asked for. */
#include <string.h>

#include "names.h"
#include "rebake/base/text.h"
#include "shapes.h"
#include "words.h"

struct filter {
    bool in_trouble;
    const char *kind;     /* NULL: any */
    const char *pipeline; /* NULL: any */
};

bool api_is_named_by(const char *names, const char *pipeline)
{
    size_t size = strlen(pipeline);
    for (const char *at = names; *at != '\0'; at += strspn(at, ", ")) {
        if (strncmp(at, pipeline, size) == 0 && at[size] == '/')
            return true;
        at += strcspn(at, ",");
    }
    return false;
}

/* Also one that is well as far as was seen, but whose host does not answer. A host that asked for a
   moment of silence is no trouble. */
static bool is_in_trouble(const struct api_request *request, const struct rb_source_row *row)
{
    const struct rb_api_options *options = request->options;
    if (row->error_code != NULL || !rb_text_equal(row->trouble, "none"))
        return true;
    const struct rb_api_host host = options->host_of(options->context, row->id);
    return host.name != NULL && !rb_text_equal(host.state, "up") &&
           !rb_text_equal(host.state, "limited");
}

static bool is_wanted(const struct api_request *request, const struct filter *filter,
                      const struct rb_source_row *row)
{
    return (filter->kind == NULL || rb_text_equal(filter->kind, row->kind)) &&
           (filter->pipeline == NULL || api_is_named_by(row->names, filter->pipeline)) &&
           (!filter->in_trouble || is_in_trouble(request, row));
}

static int add_sources(const struct api_request *request, const struct filter *filter, json_t *into,
                       struct rb_err *err)
{
    struct rb_source_row *rows;
    size_t count;
    int status = rb_store_sources(request->options->store, request->arena, &rows, &count, err);
    if (status != 0)
        return status;
    json_t *array = rb_json_array();
    for (size_t i = 0; i < count; i++) {
        if (is_wanted(request, filter, &rows[i]))
            rb_json_append(array, api_source_json(request, &rows[i]));
    }
    rb_json_set(into, "sources", array);
    return 0;
}

int api_add_sources(const struct api_request *request, json_t *into, struct rb_err *err)
{
    const struct filter all = {0};
    return add_sources(request, &all, into, err);
}

int api_add_blind(const struct api_request *request, const char *pipeline, json_t *into,
                  struct rb_err *err)
{
    const struct filter filter = {.in_trouble = true, .pipeline = pipeline};
    return add_sources(request, &filter, into, err);
}

int api_get_sources(const struct api_request *request, struct api_reply *reply, struct rb_err *err)
{
    const char *failing = request->parameter(request, "failing");
    const struct filter filter = {.in_trouble = rb_text_equal(failing, "true"),
                                  .kind = request->parameter(request, "kind"),
                                  .pipeline = request->parameter(request, "pipeline")};
    if (failing != NULL && !filter.in_trouble && !rb_text_equal(failing, "false"))
        return rb_err_set(err, RB_EINVALID, "failing=%s is neither true nor false", failing);
    reply->json = rb_json_object();
    int status = add_sources(request, &filter, reply->json, err);
    return status == 0 ? api_add_pins_of(request, NULL, reply->json, err) : status;
}
