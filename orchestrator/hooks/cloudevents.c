/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CloudEvents 1.0.2 over HTTP (bindings/http-protocol-binding.md): binary, with the attributes in
 * ce-* headers; structured, one JSON event; batched, a list of them. What an event names is told by
 * its type and data: CDEvents (cdevents.dev) of artifacts and of changes, Harbor's, Azure Event
 * Grid's of registries, and our own words.
 */
#include <string.h>

#include "provider.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

enum { EVENTS_MAXIMUM = 64 };

struct event {
    const char *type;
    const char *source;
    const char *id;
    const json_t *data;
};

static int digit_of(char letter)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *found = letter == '\0' ? NULL : strchr(digits, letter);
    return found == NULL ? -1 : (int)((found - digits) % 16);
}

static char *percent_decode(const char *text, size_t size, struct rb_arena *arena)
{
    char *out = rb_arena_alloc(arena, size + 1), *end = out;
    for (size_t i = 0; i < size; i++) {
        bool coded = text[i] == '%' && i + 2 < size && digit_of(text[i + 1]) >= 0 &&
                     digit_of(text[i + 2]) >= 0;
        *end++ = coded ? (char)(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2])) : text[i];
        i += coded ? 2 : 0;
    }
    *end = '\0';
    return out;
}

/* The value of a qualifier of a purl, decoded; NULL where it has none. */
static const char *qualifier(const char *purl, const char *name, struct rb_arena *arena)
{
    const char *at = strchr(purl, '?');
    size_t name_size = strlen(name);
    while (at != NULL) {
        at++;
        if (strncmp(at, name, name_size) == 0 && at[name_size] == '=') {
            at += name_size + 1;
            return percent_decode(at, strcspn(at, "&#"), arena);
        }
        at = strchr(at, '&');
    }
    return NULL;
}

/* "pkg:oci/NAME@sha256:…?repository_url=REGISTRY/NAME&tag=TAG" (purl-spec, type oci); of other
   types what their qualifiers say of where the package is: the URL of its repository, or its own.
 */
static void read_purl(const char *purl, struct rb_arena *arena, struct rb_hook_news *news)
{
    static const char prefix[] = "pkg:oci/";
    if (purl == NULL || !rb_text_starts_with(purl, "pkg:"))
        return;
    if (!rb_text_starts_with(purl, prefix)) {
        hook_add(news, arena, RB_HOOK_URL, qualifier(purl, "repository_url", arena), NULL);
        hook_add(news, arena, RB_HOOK_URL, qualifier(purl, "download_url", arena), NULL);
        return;
    }
    const char *name = purl + strlen(prefix);
    const char *url = qualifier(purl, "repository_url", arena);
    if (url == NULL)
        url = rb_arena_printf(arena, "/%.*s", (int)strcspn(name, "@?#"), name);
    hook_add(news, arena, RB_HOOK_IMAGE, url, qualifier(purl, "tag", arena));
}

/* dev.cdevents.artifact.* has a purl as its subject's id; dev.cdevents.change.* and .branch.* name
   a repository by an id and the URI of its source. */
static void read_cdevent(const json_t *data, struct rb_arena *arena, struct rb_hook_news *news)
{
    const json_t *subject = json_object_get(data, "subject");
    const json_t *repository = hook_member(subject, "content.repository");
    const char *url = hook_text(repository, "url");
    read_purl(hook_text(subject, "id"), arena, news);
    if (url == NULL)
        url = hook_text(repository, "source");
    if (url != NULL && strstr(url, "://") == NULL)
        url = hook_text(repository, "id");
    hook_add(news, arena, RB_HOOK_GIT, url, NULL);
}

static void read_event(const struct event *event, struct rb_arena *arena, struct rb_hook_news *news)
{
    if (rb_text_starts_with(event->type, "dev.cdevents."))
        read_cdevent(event->data, arena, news);
    else if (rb_text_starts_with(event->type, "harbor.artifact."))
        hook_read_harbor(event->data, arena, news);
    else if (rb_text_starts_with(event->type, "Microsoft.ContainerRegistry."))
        hook_read_push(event->data, arena, news);
    else
        hook_read_words(event->data, arena, news);
}

/* specversion, id, source and type are required; source and id together make an event unique. */
static int check_event(const struct event *event, const char *version, struct rb_arena *arena,
                       struct rb_hook_news *news, struct rb_err *err)
{
    if (!rb_text_equal(version, "1.0"))
        return rb_err_set(err, RB_EINVALID, "an event without specversion 1.0");
    if (rb_text_is_empty(event->id) || rb_text_is_empty(event->source) ||
        rb_text_is_empty(event->type))
        return rb_err_set(err, RB_EINVALID, "an event without its id, source or type");
    news->id = news->id == NULL
                   ? rb_arena_printf(arena, "%s %s", event->source, event->id)
                   : rb_arena_printf(arena, "%s, %s %s", news->id, event->source, event->id);
    return 0;
}

static int read_structured(const json_t *json, struct rb_arena *arena, struct rb_hook_news *news,
                           struct rb_err *err)
{
    const struct event event = {.type = hook_text(json, "type"),
                                .source = hook_text(json, "source"),
                                .id = hook_text(json, "id"),
                                .data = json_object_get(json, "data")};
    int status = check_event(&event, hook_text(json, "specversion"), arena, news, err);
    if (status == 0)
        read_event(&event, arena, news);
    return status;
}

static int read_binary(const struct rb_hook_request *request, const json_t *json,
                       struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    const struct event event = {.type = request->header(request, "ce-type"),
                                .source = request->header(request, "ce-source"),
                                .id = request->header(request, "ce-id"),
                                .data = json};
    int status = check_event(&event, request->header(request, "ce-specversion"), arena, news, err);
    if (status == 0)
        read_event(&event, arena, news);
    return status;
}

int hook_parse_cloudevents(const struct rb_hook_request *request, const json_t *json,
                           struct rb_arena *arena, struct rb_hook_news *news, struct rb_err *err)
{
    int status = 0;
    if (request->header(request, "ce-type") != NULL)
        return read_binary(request, json, arena, news, err);
    if (!json_is_array(json))
        return read_structured(json, arena, news, err);
    if (json_array_size(json) > EVENTS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "a batch of more than %d events", EVENTS_MAXIMUM);
    for (size_t i = 0; status == 0 && i < json_array_size(json); i++)
        status = read_structured(json_array_get(json, i), arena, news, err);
    return status;
}
