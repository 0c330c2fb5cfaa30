/* SPDX-License-Identifier: Apache-2.0 */
/* Our own words for what a webhook names: docs/reference/webhooks.md, "generic". */
#include "provider.h"

static void read_list(const json_t *list, enum rb_hook_thing_kind kind, const char *where,
                      const char *what, struct rb_arena *arena, struct rb_hook_news *news)
{
    size_t i;
    const json_t *item;
    json_array_foreach(list, i, item)
    {
        if (json_is_string(item))
            hook_add(news, arena, kind, json_string_value(item), NULL);
        else
            hook_add(news, arena, kind, hook_text(item, where), hook_text(item, what));
    }
}

void hook_read_words(const json_t *json, struct rb_arena *arena, struct rb_hook_news *news)
{
    read_list(json_object_get(json, "git"), RB_HOOK_GIT, "url", "ref", arena, news);
    read_list(json_object_get(json, "images"), RB_HOOK_IMAGE, "repository", "tag", arena, news);
    read_list(json_object_get(json, "sources"), RB_HOOK_SOURCE, "name", "", arena, news);
    read_list(json_object_get(json, "urls"), RB_HOOK_URL, "url", "", arena, news);
}

int hook_parse_generic(const struct rb_hook_request *request, const json_t *json,
                       struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    (void)request;
    if (json != NULL && !json_is_object(json))
        return rb_err_set(err, RB_EINVALID, "the body is not a JSON object");
    hook_read_words(json, arena, news);
    hook_read_words(json_object_get(json, "data"), arena, news);
    return 0;
}
