/* SPDX-License-Identifier: Apache-2.0 */
/* The client, and what it remembers of the places that it has been to. */
#include "rebake/net/registry.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "registry_parts.h"
#include "transfer.h"

enum { MOST_PLACES = 16384 };

struct rb_registry *rb_registry_new(struct rb_http *http)
{
    struct rb_registry *registry = rb_zalloc(sizeof(*registry));
    registry->http = http;
    registry->tokens = rb_token_cache_new();
    TAILQ_INIT(&registry->places);
    return registry;
}

static void forget_access(struct rb_place *place)
{
    rb_free(rb_steal(&place->user));
    rb_free(rb_steal(&place->password));
    rb_free(rb_steal(&place->realm));
    rb_free(rb_steal(&place->service));
    rb_free(rb_steal(&place->scope));
}

static void drop_place(struct rb_registry *registry, struct rb_place *place)
{
    TAILQ_REMOVE(&registry->places, place, link);
    LIST_REMOVE(place, bucket_link);
    registry->place_count--;
    forget_access(place);
    rb_free(place->repository);
    rb_free(place);
}

void rb_registry_free(struct rb_registry *registry)
{
    if (registry == NULL)
        return;
    while (registry->helpers > 0) /* cancelled, and told to end */
        rb_loop_run_once(registry->http->loop);
    while (!TAILQ_EMPTY(&registry->places))
        drop_place(registry, TAILQ_FIRST(&registry->places));
    while (!LIST_EMPTY(&registry->sites)) {
        struct rb_site *site = LIST_FIRST(&registry->sites);
        LIST_REMOVE(site, link);
        rb_free(site->name);
        rb_free(site);
    }
    rb_token_cache_free(registry->tokens);
    rb_free(registry);
}

static struct rb_site *site_of(struct rb_registry *registry, const char *name)
{
    struct rb_site *site;
    LIST_FOREACH(site, &registry->sites, link)
    {
        if (strcmp(site->name, name) == 0)
            break;
    }
    if (site != NULL) {
        LIST_REMOVE(site, link);
    } else {
        site = rb_zalloc(sizeof(*site));
        site->name = rb_strdup(name);
    }
    LIST_INSERT_HEAD(&registry->sites, site, link);
    return site;
}

/* FNV-1a of the repository: its name is seldom on two registries. */
static size_t bucket_of(const char *repository)
{
    uint32_t hash = 2166136261U;
    for (; *repository != '\0'; repository++)
        hash = (hash ^ (unsigned char)*repository) * 16777619U;
    return hash % RB_PLACE_BUCKETS;
}

static struct rb_place *new_place(struct rb_registry *registry, struct rb_site *site,
                                  const char *repository)
{
    if (registry->place_count == MOST_PLACES)
        drop_place(registry, TAILQ_FIRST(&registry->places));
    struct rb_place *place = rb_zalloc(sizeof(*place));
    place->site = site;
    place->repository = rb_strdup(repository);
    LIST_INSERT_HEAD(&registry->buckets[bucket_of(repository)], place, bucket_link);
    registry->place_count++;
    return place;
}

struct rb_place *rb_place_of(struct rb_registry *registry, const struct rb_reference *reference)
{
    struct rb_site *site = site_of(registry, reference->registry);
    struct rb_place *place;
    LIST_FOREACH(place, &registry->buckets[bucket_of(reference->repository)], bucket_link)
    {
        if (place->site == site && strcmp(place->repository, reference->repository) == 0)
            break;
    }
    if (place != NULL)
        TAILQ_REMOVE(&registry->places, place, link);
    else
        place = new_place(registry, site, reference->repository);
    TAILQ_INSERT_TAIL(&registry->places, place, link);
    return place;
}

void rb_place_set_scheme(struct rb_place *place, bool plain)
{
    place->site->scheme_known = true;
    place->site->plain = plain;
}

void rb_place_set_basic(struct rb_place *place, const struct rb_credentials *credentials)
{
    forget_access(place);
    place->user = rb_strdup(credentials->user);
    place->password = rb_strdup(credentials->password);
}

void rb_place_set_bearer(struct rb_place *place, const struct rb_grant *grant)
{
    forget_access(place);
    place->realm = rb_strdup(grant->realm);
    place->service = rb_strdup(grant->service);
    place->scope = rb_strdup(grant->scope);
}

char *rb_manifest_path(const struct rb_reference *reference)
{
    return rb_asprintf("manifests/%s",
                       reference->digest != NULL ? reference->digest : reference->tag);
}

char *rb_manifest_what(const struct rb_reference *reference)
{
    RB_CLEANUP_FREE char *text = rb_reference_format(reference);
    return rb_asprintf("manifest of %s", text);
}

int rb_manifest_verify(const struct rb_reference *reference, const char *data, size_t size,
                       const char *what, char ret_digest[RB_DIGEST_SIZE], struct rb_err *err)
{
    char hex[RB_SHA256_HEX_SIZE];
    (void)snprintf(ret_digest, RB_DIGEST_SIZE, "sha256:%s", rb_sha256_of(data, size, hex));
    if (reference->digest != NULL && strcmp(reference->digest, ret_digest) != 0)
        return rb_err_set(err, RB_EVERIFY, "%s: what came has the digest %s", what, ret_digest);
    return 0;
}
