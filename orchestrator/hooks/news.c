/* SPDX-License-Identifier: Apache-2.0 */
/* What a webhook names, whoever sent it. */
#include <string.h>

#include "provider.h"
#include "rebake/base/digest.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const char *const KINDS[] = {[RB_HOOK_GIT] = "git",
                                    [RB_HOOK_IMAGE] = "image",
                                    [RB_HOOK_SOURCE] = "source",
                                    [RB_HOOK_URL] = "url"};

const char *rb_hook_outcome_name(enum rb_hook_outcome outcome)
{
    static const char *const NAMES[RB_HOOK_OUTCOMES] = {
        [RB_HOOK_ACCEPTED] = "accepted",   [RB_HOOK_REPLAYED] = "replayed",
        [RB_HOOK_UNKNOWN] = "unknown",     [RB_HOOK_UNSIGNED] = "unsigned",
        [RB_HOOK_FORGED] = "forged",       [RB_HOOK_STALE] = "stale",
        [RB_HOOK_NO_SECRET] = "noSecret",  [RB_HOOK_MALFORMED] = "malformed",
        [RB_HOOK_TOO_LARGE] = "tooLarge",  [RB_HOOK_TOO_MANY] = "tooMany",
        [RB_HOOK_NOT_STORED] = "notStored"};
    return NAMES[outcome];
}

static bool is_usable(const char *text)
{
    size_t size = strnlen(text, RB_HOOK_TEXT_MAXIMUM + 1);
    if (size == 0 || size > RB_HOOK_TEXT_MAXIMUM)
        return false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
            return false;
    }
    return true;
}

void hook_add(struct rb_hook_news *news, struct rb_arena *arena, enum rb_hook_thing_kind kind,
              const char *where, const char *what)
{
    if (where == NULL || !is_usable(where) || news->count >= RB_HOOK_THINGS_MAXIMUM)
        return;
    if (what != NULL && !is_usable(what))
        return;
    for (size_t i = 0; i < news->count; i++) {
        const struct rb_hook_thing *other = &news->things[i];
        if (other->kind == kind && rb_text_equal(other->where, where) &&
            rb_text_equal(other->what, what))
            return;
    }
    news->things =
        rb_arena_grow(arena, news->things, news->count, &news->capacity, sizeof(*news->things));
    news->things[news->count++] = (struct rb_hook_thing){
        .kind = kind, .where = rb_arena_strdup(arena, where), .what = rb_arena_strdup(arena, what)};
}

const json_t *hook_member(const json_t *json, const char *path)
{
    char name[64];
    while (json != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        RB_ASSERT(size < sizeof(name));
        memcpy(name, path, size);
        name[size] = '\0';
        json = json_object_get(json, name);
        path += size + (path[size] == '.');
    }
    return json;
}

const char *hook_text(const json_t *json, const char *path)
{
    return json_string_value(hook_member(json, path));
}

int rb_hook_parse(const struct rb_hook_settings *hook, const struct rb_hook_request *request,
                  struct rb_arena *arena, struct rb_hook_news *ret_news, struct rb_err *err)
{
    const struct hook_provider *provider = hook_provider_of(hook->provider);
    RB_CLEANUP_JSON json_t *json = NULL;
    struct rb_hook_news news = {0};
    int status = 0;
    if (provider->id_header != NULL)
        news.id = rb_arena_strdup(arena, request->header(request, provider->id_header));
    if (request->body_size > 0)
        status = rb_json_parse(request->body, request->body_size, "the body", &json, err);
    if (status == 0)
        status = provider->parse(request, json, arena, &news, err);
    if (status != 0)
        return status;
    if (rb_text_is_empty(news.id) || strlen(news.id) > RB_HOOK_TEXT_MAXIMUM)
        news.id = NULL;
    for (size_t i = 0; hook->provider == RB_HOOK_GENERIC && news.count == 0 &&
                       hook->sources != NULL && hook->sources[i] != NULL;
         i++)
        hook_add(&news, arena, RB_HOOK_SOURCE, hook->sources[i], NULL);
    *ret_news = news;
    return 0;
}

json_t *rb_hook_things_json(const struct rb_hook_news *news)
{
    json_t *array = rb_json_array();
    for (size_t i = 0; i < news->count; i++) {
        json_t *item = rb_json_array();
        rb_json_append_string(item, KINDS[news->things[i].kind]);
        rb_json_append_string(item, news->things[i].where);
        if (news->things[i].what != NULL)
            rb_json_append_string(item, news->things[i].what);
        rb_json_append(array, item);
    }
    return array;
}

int rb_hook_things_read(const char *text, struct rb_arena *arena, struct rb_hook_news *ret_news,
                        struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *array = NULL;
    struct rb_hook_news news = {0};
    int status = rb_json_parse(text, strlen(text), "a delivery's things", &array, err);
    size_t i;
    const json_t *item;
    if (status != 0)
        return status;
    json_array_foreach(array, i, item)
    {
        const char *kind = json_string_value(json_array_get(item, 0));
        for (size_t k = 0; k < RB_COUNT_OF(KINDS); k++) {
            if (rb_text_equal(kind, KINDS[k]))
                hook_add(&news, arena, (enum rb_hook_thing_kind)k,
                         json_string_value(json_array_get(item, 1)),
                         json_string_value(json_array_get(item, 2)));
        }
    }
    *ret_news = news;
    return 0;
}
