/* SPDX-License-Identifier: Apache-2.0 */
#include "apt_request.h"

#include <string.h>

#include "kept.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static bool is_flat(const struct rb_apt_request *request)
{
    return rb_text_ends_with(request->suite, "/");
}

struct rb_apt_request rb_apt_request_of(const struct rb_apt_source *source,
                                        const char *index_folder)
{
    static const char *const NONE[] = {NULL};
    return (struct rb_apt_request){
        .url = source->url,
        .suite = source->suite,
        .codename = source->codename,
        .components = source->components == NULL ? NONE : source->components,
        .architectures = source->architectures,
        .signed_by = source->signed_by,
        .index_folder = index_folder,
    };
}

char *rb_apt_kept_folder(const char *cache_folder, const struct rb_apt_source *source)
{
    const char *const *components = rb_apt_request_of(source, NULL).components;
    size_t count = 0;
    while (components[count] != NULL)
        count++;
    RB_CLEANUP_FREE const char **texts = rb_calloc(count + 3, sizeof(*texts));
    texts[0] = source->url;
    texts[1] = source->suite;
    memcpy(texts + 2, components, count * sizeof(*texts));
    return rb_kept_folder(cache_folder, "apt", texts, source->architectures);
}

struct rb_apt_request rb_apt_request_copy(const struct rb_apt_request *request,
                                          struct rb_arena *arena)
{
    struct rb_apt_request copy = *request;
    copy.url = rb_arena_strdup(arena, request->url);
    copy.suite = rb_arena_strdup(arena, request->suite);
    copy.codename = rb_arena_strdup(arena, request->codename);
    copy.components = rb_arena_strdup_list(arena, request->components);
    copy.architectures = rb_arena_strdup_list(arena, request->architectures);
    copy.signed_by = rb_arena_strdup(arena, request->signed_by);
    copy.index_folder = rb_arena_strdup(arena, request->index_folder);
    copy.known_hash = rb_arena_strdup(arena, request->known_hash);
    copy.known_codename = rb_arena_strdup(arena, request->known_codename);
    copy.etag = rb_arena_strdup(arena, request->etag);
    copy.last_modified = rb_arena_strdup(arena, request->last_modified);
    return copy;
}

const char *rb_apt_request_address(const struct rb_apt_request *request, struct rb_arena *arena)
{
    const char *suite = request->suite;
    if (!is_flat(request))
        return rb_arena_printf(arena, "%s/dists/%s", request->url, suite);
    while (*suite == '/' || rb_text_starts_with(suite, "./"))
        suite += *suite == '/' ? 1 : 2;
    size_t size = strlen(suite);
    while (size > 0 && suite[size - 1] == '/')
        size--;
    return rb_arena_printf(arena, "%s%s%.*s", request->url, size == 0 ? "" : "/", (int)size, suite);
}

int rb_apt_request_judge(const struct rb_apt_request *request, const char *what, struct rb_err *err)
{
    bool has_components = request->components[0] != NULL;
    if (is_flat(request) && has_components)
        return rb_err_set(err, RB_EINVALID, "%s: a flat repository has no components", what);
    if (!is_flat(request) && !has_components)
        return rb_err_set(err, RB_EINVALID, "%s: no component of the suite is named", what);
    if (!request->trusted && request->signed_by == NULL)
        return rb_err_set(err, RB_EINVALID, "%s: no keyring says whose signature is believed",
                          what);
    return 0;
}
