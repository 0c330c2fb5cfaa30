/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What image registries send.
 *   Docker Hub     docs.docker.com, "Docker Hub webhooks"; its callback_url is never called
 *   Quay           docs.redhat.com, "Repository notifications": Repository Push
 *   Harbor         goharbor.io/docs, "Configure Webhook Notifications": PUSH_ARTIFACT
 *   Distribution   distribution.github.io, "Work with notifications"
 *   ACR            learn.microsoft.com, "Azure Container Registry webhook reference"
 */
#include <string.h>

#include "provider.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int refuse(const char *what, struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "the body is not %s", what);
}

int hook_parse_dockerhub(const struct rb_hook_request *request, const json_t *json,
                         struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *name = hook_text(json, "repository.repo_name");
    (void)request;
    if (name == NULL)
        return refuse("a push of Docker Hub's: it has no repository.repo_name", err);
    const char *library = strchr(name, '/') == NULL ? "library/" : "";
    hook_add(news, arena, RB_HOOK_IMAGE, rb_arena_printf(arena, "docker.io/%s%s", library, name),
             hook_text(json, "push_data.tag"));
    return 0;
}

/* updated_tags is a list; an object of tag to image id in old versions. */
int hook_parse_quay(const struct rb_hook_request *request, const json_t *json,
                    struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *url = hook_text(json, "docker_url"), *tag;
    const json_t *tags = json_object_get(json, "updated_tags"), *item;
    size_t i;
    (void)request;
    if (url == NULL)
        return refuse("a notification of Quay's: it has no docker_url", err);
    json_array_foreach(tags, i, item)
        hook_add(news, arena, RB_HOOK_IMAGE, url, json_string_value(item));
    json_object_foreach((json_t *)tags, tag, item) hook_add(news, arena, RB_HOOK_IMAGE, url, tag);
    return 0;
}

/* registry/name of registry/name:tag or registry/name@digest. */
static const char *without_version(const char *reference, struct rb_arena *arena)
{
    size_t size = strcspn(reference, "@");
    const char *slash = memrchr(reference, '/', size);
    const char *from = slash == NULL ? reference : slash;
    const char *colon = memchr(from, ':', size - (size_t)(from - reference));
    return rb_arena_strndup(arena, reference, colon == NULL ? size : (size_t)(colon - reference));
}

void hook_read_harbor(const json_t *data, struct rb_arena *arena, struct rb_hook_news *news)
{
    size_t i;
    const json_t *resource;
    json_array_foreach(json_object_get(data, "resources"), i, resource)
    {
        const char *url = hook_text(resource, "resource_url"), *tag = hook_text(resource, "tag");
        if (url == NULL)
            continue;
        /* An artifact without a tag has its digest there. */
        if (tag != NULL && strchr(tag, ':') != NULL)
            tag = NULL;
        hook_add(news, arena, RB_HOOK_IMAGE, without_version(url, arena), tag);
    }
}

int hook_parse_harbor(const struct rb_hook_request *request, const json_t *json,
                      struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *type = hook_text(json, "type");
    if (type == NULL)
        return refuse("a notification of Harbor's: it has no type", err);
    if (hook_text(json, "specversion") != NULL || request->header(request, "ce-type") != NULL)
        return hook_parse_cloudevents(request, json, arena, news, err);
    if (rb_text_equal(type, "PUSH_ARTIFACT") || rb_text_equal(type, "DELETE_ARTIFACT"))
        hook_read_harbor(json_object_get(json, "event_data"), arena, news);
    return 0;
}

/* An event of the distribution registry, and of ACR, which took it over. Blobs are pushed too:
   only what has a tag can be a new version of what a tag names, and other manifests are its parts.
 */
void hook_read_push(const json_t *event, struct rb_arena *arena, struct rb_hook_news *news)
{
    const char *action = hook_text(event, "action"), *host = hook_text(event, "request.host");
    const char *name = hook_text(event, "target.repository"), *tag = hook_text(event, "target.tag");
    if (!rb_text_equal(action, "push") && !rb_text_equal(action, "delete"))
        return;
    if (name != NULL && !rb_text_is_empty(tag))
        hook_add(news, arena, RB_HOOK_IMAGE,
                 rb_arena_printf(arena, "%s/%s", host == NULL ? "" : host, name), tag);
}

int hook_parse_distribution(const struct rb_hook_request *request, const json_t *json,
                            struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const json_t *events = json_object_get(json, "events"), *event;
    size_t i;
    (void)request;
    if (!json_is_array(events))
        return refuse("an envelope of events", err);
    json_array_foreach(events, i, event)
    {
        hook_read_push(event, arena, news);
        if (news->id == NULL)
            news->id = rb_arena_strdup(arena, hook_text(event, "id"));
    }
    return 0;
}

int hook_parse_acr(const struct rb_hook_request *request, const json_t *json,
                   struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    (void)request;
    if (hook_text(json, "action") == NULL)
        return refuse("an event of Azure Container Registry's: it has no action", err);
    news->id = rb_arena_strdup(arena, hook_text(json, "id"));
    hook_read_push(json, arena, news);
    return 0;
}
