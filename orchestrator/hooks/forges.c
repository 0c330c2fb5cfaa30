/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What git forges send.
 *   GitHub       docs.github.com, "Webhook events and payloads": push, registry_package, package
 *   GitLab       docs.gitlab.com, "Webhook events": Push Hook, Tag Push Hook
 *   Gitea        docs.gitea.com, "Webhooks"; Forgejo sends the same under its own names
 *   Bitbucket    support.atlassian.com, "Event payloads": repo:push; for Data Center
 *                confluence.atlassian.com, "Event payload": repo:refs_changed
 */
#include <ctype.h>
#include <string.h>

#include "provider.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static int want_object(const json_t *json, struct rb_err *err)
{
    return json_is_object(json) ? 0 : rb_err_set(err, RB_EINVALID, "the body is not a JSON object");
}

/* A push that names its repository in two ways names one thing: the URL over http. */
static int add_push(const json_t *json, const char *url, struct rb_arena *arena,
                    struct rb_hook_news *news, struct rb_err *err)
{
    const char *ref = hook_text(json, "ref");
    if (url == NULL || ref == NULL)
        return rb_err_set(err, RB_EINVALID, "a push without its repository's URL or its ref");
    hook_add(news, arena, RB_HOOK_GIT, url, ref);
    return 0;
}

/* ghcr.io/OWNER/NAME of a package that is a container. */
static void read_package(const json_t *package, struct rb_arena *arena, struct rb_hook_news *news)
{
    const char *type = hook_text(package, "package_type");
    const char *url = hook_text(package, "package_version.package_url");
    const char *owner = hook_text(package, "namespace"), *name = hook_text(package, "name");
    const char *tag = hook_text(package, "package_version.container_metadata.tag.name");
    if (type == NULL || strcasecmp(type, "container") != 0)
        return;
    if (rb_text_is_empty(tag))
        tag = NULL;
    if (url != NULL && rb_text_starts_with(url, "ghcr.io/"))
        hook_add(news, arena, RB_HOOK_IMAGE, rb_arena_strndup(arena, url, strcspn(url, ":@")), tag);
    else if (owner != NULL && name != NULL)
        hook_add(news, arena, RB_HOOK_IMAGE, rb_arena_printf(arena, "ghcr.io/%s/%s", owner, name),
                 tag);
}

int hook_parse_github(const struct rb_hook_request *request, const json_t *json,
                      struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *event = request->header(request, "X-GitHub-Event");
    int status = want_object(json, err);
    if (status != 0)
        return status;
    if (rb_text_equal(event, "push"))
        return add_push(json, hook_text(json, "repository.clone_url"), arena, news, err);
    if (rb_text_equal(event, "registry_package") || rb_text_equal(event, "package")) {
        read_package(json_object_get(json, "registry_package"), arena, news);
        read_package(json_object_get(json, "package"), arena, news);
    }
    return 0;
}

int hook_parse_gitlab(const struct rb_hook_request *request, const json_t *json,
                      struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *kind = hook_text(json, "object_kind");
    int status = want_object(json, err);
    (void)request;
    if (status != 0)
        return status;
    if (rb_text_equal(kind, "push") || rb_text_equal(kind, "tag_push"))
        return add_push(json, hook_text(json, "project.git_http_url"), arena, news, err);
    return 0;
}

int hook_parse_gitea(const struct rb_hook_request *request, const json_t *json,
                     struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *event = request->header(request, "X-Gitea-Event");
    if (event == NULL)
        event = request->header(request, "X-Forgejo-Event");
    int status = want_object(json, err);
    if (status == 0 && rb_text_equal(event, "push"))
        status = add_push(json, hook_text(json, "repository.clone_url"), arena, news, err);
    return status;
}

/* Of a deleted branch there is only the old side. */
static void read_change(const json_t *change, const char *url, struct rb_arena *arena,
                        struct rb_hook_news *news)
{
    const json_t *side = json_object_get(change, "new");
    if (!json_is_object(side))
        side = json_object_get(change, "old");
    const char *type = hook_text(side, "type"), *name = hook_text(side, "name");
    if (type == NULL || name == NULL)
        return;
    const char *folder = strcmp(type, "tag") == 0 ? "tags" : "heads";
    hook_add(news, arena, RB_HOOK_GIT, url, rb_arena_printf(arena, "refs/%s/%s", folder, name));
}

int hook_parse_bitbucket(const struct rb_hook_request *request, const json_t *json,
                         struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const char *name = hook_text(json, "repository.full_name");
    size_t i;
    const json_t *change;
    int status = want_object(json, err);
    if (status != 0 || !rb_text_equal(request->header(request, "X-Event-Key"), "repo:push"))
        return status;
    if (name == NULL)
        return rb_err_set(err, RB_EINVALID, "a push without its repository's full name");
    const char *url = rb_arena_printf(arena, "https://bitbucket.org/%s", name);
    json_array_foreach(hook_member(json, "push.changes"), i, change)
        read_change(change, url, arena, news);
    return 0;
}

/* The server's own host is told only where links are; else project and repository must do. */
static const char *data_center_url(const json_t *json, struct rb_arena *arena)
{
    const char *project = hook_text(json, "repository.project.key");
    const char *slug = hook_text(json, "repository.slug");
    size_t i;
    const json_t *link;
    json_array_foreach(hook_member(json, "repository.links.clone"), i, link)
    {
        if (hook_text(link, "href") != NULL)
            return hook_text(link, "href");
    }
    return project == NULL || slug == NULL ? NULL : rb_arena_printf(arena, "/%s/%s", project, slug);
}

int hook_parse_bitbucket_dc(const struct rb_hook_request *request, const json_t *json,
                            struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    size_t i;
    const json_t *change;
    int status = want_object(json, err);
    if (status != 0 || !rb_text_equal(request->header(request, "X-Event-Key"), "repo:refs_changed"))
        return status;
    const char *url = data_center_url(json, arena);
    if (url == NULL)
        return rb_err_set(err, RB_EINVALID, "a push without its project and repository");
    json_array_foreach(hook_member(json, "changes"), i, change)
        hook_add(news, arena, RB_HOOK_GIT, url, hook_text(change, "ref.id"));
    return 0;
}
