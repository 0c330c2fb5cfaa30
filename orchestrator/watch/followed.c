/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/watch/followed.h"

#include <string.h>

#include "rebake/base/digest.h"
#include "rebake/base/memory.h"

char *rb_followed_folder(const char *pipelines_folder, const struct rb_source *source)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_JSON json_t *spec = rb_source_spec(source);
    RB_CLEANUP_FREE char *name = rb_json_canonical(spec);
    rb_sha256_of(name, strlen(name), hex);
    return rb_asprintf("%s/%.32s", pipelines_folder, hex);
}

const char *rb_followed_tree(const struct rb_source *source, const json_t *found)
{
    return rb_json_get_string(json_object_get(found, "trees"), source->git.path, NULL);
}

/* The first mistake in words, and how many more there are. */
static int tell_first(const struct rb_diagnostics *found, struct rb_err *err)
{
    const struct rb_diagnostic *first = &found->items[0];
    size_t more = found->count - 1 + found->dropped;
    RB_CLEANUP_FREE char *rest = more == 0 ? rb_strdup("") : rb_asprintf("; and %zu more", more);
    return rb_err_set(err, RB_EINVALID, "%.200s:%d:%d: %.500s%s%.200s%s%s", first->place.file,
                      first->place.line, first->place.column, first->message,
                      first->hint == NULL ? "" : " (", first->hint == NULL ? "" : first->hint,
                      first->hint == NULL ? "" : ")", rest);
}

static int refuse_chain(const struct rb_pipeline *pipeline, struct rb_err *err)
{
    for (size_t i = 0; i < pipeline->source_count; i++) {
        const struct rb_source *source = &pipeline->sources[i];
        if (source->kind == RB_SOURCE_PIPELINE)
            return rb_err_set(err, RB_EINVALID,
                              "%.200s:%d:%d: source \"%s\": a pipeline that is followed may not "
                              "follow others in turn (name them in a file of this machine)",
                              source->place.file, source->place.line, source->place.column,
                              source->name);
    }
    return 0;
}

int rb_followed_parse(const char *data, size_t size, const char *file,
                      struct rb_pipeline **ret_pipeline, struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    int status = rb_pipeline_parse(data, size, file, &pipeline, &found, err);
    if (status != 0)
        return found.count == 0 ? status : tell_first(&found, err);
    status = refuse_chain(pipeline, err);
    if (status == 0)
        *ret_pipeline = rb_steal(&pipeline);
    return status;
}
