/* SPDX-License-Identifier: Apache-2.0 */
#include "image_registry.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "server.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"
#define INDEX_TYPE    "application/vnd.oci.image.index.v1+json"

static struct image_entry *find(struct image_registry *registry, const char *path)
{
    for (size_t i = 0; i < registry->entry_count; i++) {
        if (strcmp(registry->entries[i].path, path) == 0)
            return &registry->entries[i];
    }
    return NULL;
}

static const char *tag_of(const struct image_entry *entry, const char *prefix)
{
    bool is_tag = entry->body != NULL && rb_text_starts_with(entry->path, prefix) &&
                  !rb_text_starts_with(entry->path + strlen(prefix), "sha256");
    return is_tag ? entry->path + strlen(prefix) : NULL;
}

/* The page behind `last`, in the order of the entries. */
static void list_tags(struct image_registry *registry, const char *repository, const char *query,
                      struct server_reply *reply)
{
    RB_CLEANUP_FREE char *prefix = rb_asprintf("/v2/%s/manifests/", repository);
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4000);
    const char *last = strstr(query, "last=");
    bool begun = last == NULL, more = false;
    size_t count = 0;
    const char *final = "";
    for (size_t i = 0; i < registry->entry_count; i++) {
        const char *tag = tag_of(&registry->entries[i], prefix);
        if (tag != NULL && begun && count == registry->page_size)
            more = true;
        else if (tag != NULL && begun)
            rb_strbuf_printf(&text, "%s\"%s\"", count++ == 0 ? "" : ",", final = tag);
        begun = begun || (tag != NULL && strcmp(tag, last + strlen("last=")) == 0);
    }
    (void)snprintf(registry->answer, sizeof(registry->answer), "{\"name\":\"%s\",\"tags\":%s%s%s}",
                   repository, count == 0 ? "null" : "[", rb_strbuf_text(&text),
                   count == 0 ? "" : "]");
    reply->status = 200;
    reply->headers[0] = "Content-Type: application/json";
    reply->body = registry->answer;
    reply->body_size = strlen(registry->answer);
    (void)snprintf(registry->next, sizeof(registry->next),
                   "Link: </v2/%s/tags/list?n=%zu&last=%s>; rel=\"next\"", repository,
                   registry->page_size, final);
    if (more)
        reply->headers[1] = registry->link != NULL ? registry->link : registry->next;
}

/* server thread */
static void answer(void *context, const struct server_request *request, struct server_reply *reply)
{
    struct image_registry *registry = context;
    size_t used = strlen(registry->log);
    (void)snprintf(registry->log + used, sizeof(registry->log) - used, "%s %s\n", request->method,
                   request->path);
    const char *end = strstr(request->path, "/tags/list");
    RB_CLEANUP_FREE char *broken =
        rb_asprintf("/v2/%s/", registry->broken != NULL ? registry->broken : "none");
    const struct image_entry *entry = find(registry, request->path);
    reply->status = 404;
    reply->body = "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"not here\"}]}";
    reply->body_size = strlen(reply->body);
    if (registry->broken != NULL && rb_text_starts_with(request->path, broken)) {
        reply->status = registry->status;
    } else if (end != NULL) {
        RB_CLEANUP_FREE char *repository =
            rb_strndup(request->path + 4, (size_t)(end - request->path) - 4);
        list_tags(registry, repository, request->query, reply);
    } else if (entry != NULL && entry->body != NULL) {
        reply->status = 200;
        reply->headers[0] = entry->type;
        (void)snprintf(registry->digest, sizeof(registry->digest), "Docker-Content-Digest: %s",
                       entry->digest);
        reply->headers[1] = registry->digest;
        reply->headers[2] = "RateLimit-Remaining: 76;w=21600";
        reply->body = entry->body;
        reply->body_size = strlen(entry->body);
    } else if (registry->referrers && strstr(request->path, "/referrers/") != NULL) {
        reply->status = 200;
        reply->headers[0] = "Content-Type: " INDEX_TYPE;
        reply->body = "{\"schemaVersion\":2,\"manifests\":[]}";
        reply->body_size = strlen(reply->body);
    }
}

struct image_registry *image_registry_new(void)
{
    struct image_registry *registry = rb_zalloc(sizeof(*registry));
    registry->page_size = 1000;
    registry->server = server_start(answer, registry);
    return registry;
}

void image_registry_free(struct image_registry *registry)
{
    server_stop(registry->server);
    for (size_t i = 0; i < registry->entry_count; i++) {
        rb_free(registry->entries[i].path);
        rb_free(registry->entries[i].type);
        rb_free(registry->entries[i].body);
    }
    for (size_t i = 0; i < registry->old_count; i++)
        rb_free(registry->old[i]);
    rb_free(registry);
}

char *image_registry_name(const struct image_registry *registry, const char *repository)
{
    return rb_asprintf("127.0.0.1:%d/%s", server_port(registry->server), repository);
}

void image_registry_put(struct image_registry *registry, const char *repository, const char *path,
                        const char *type, const char *body)
{
    char hex[RB_SHA256_HEX_SIZE];
    RB_CLEANUP_FREE char *whole = rb_asprintf("/v2/%s/%s", repository, path);
    struct image_entry *entry = find(registry, whole);
    if (entry == NULL) {
        RB_ASSERT(registry->entry_count < IMAGE_ENTRIES_MAXIMUM);
        entry = &registry->entries[registry->entry_count++];
        entry->path = rb_steal(&whole);
    }
    if (entry->body != NULL) {
        RB_ASSERT(registry->old_count < IMAGE_ENTRIES_MAXIMUM);
        registry->old[registry->old_count++] = entry->body;
    }
    rb_free(entry->type);
    entry->type = rb_asprintf("Content-Type: %s", type);
    entry->body = rb_strdup(body);
    if (body != NULL)
        (void)snprintf(entry->digest, sizeof(entry->digest), "sha256:%s",
                       rb_sha256_of(body, strlen(body), hex));
}

static void digest_of(const char *body, char digest[RB_DIGEST_SIZE])
{
    char hex[RB_SHA256_HEX_SIZE];
    (void)snprintf(digest, RB_DIGEST_SIZE, "sha256:%s", rb_sha256_of(body, strlen(body), hex));
}

void image_registry_manifest(struct image_registry *registry, const char *repository,
                             const char *tag, const char *content, char digest[RB_DIGEST_SIZE])
{
    RB_CLEANUP_FREE char *body =
        rb_asprintf("{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE
                    "\",\"config\":{\"mediaType\":\"x\",\"digest\":\"sha256:%064d\","
                    "\"size\":1},\"layers\":[],\"annotations\":{\"x\":\"%s\"}}",
                    0, content);
    digest_of(body, digest);
    RB_CLEANUP_FREE char *by_digest = rb_asprintf("manifests/%s", digest);
    image_registry_put(registry, repository, by_digest, MANIFEST_TYPE, body);
    RB_CLEANUP_FREE char *by_tag = rb_asprintf("manifests/%s", tag != NULL ? tag : "");
    if (tag != NULL)
        image_registry_put(registry, repository, by_tag, MANIFEST_TYPE, body);
}

/* The manifest of one signature, and its payload put where it belongs. */
static char *signature_manifest(struct image_registry *registry, const char *repository,
                                EVP_PKEY *key, const char *signed_digest)
{
    RB_CLEANUP_FREE char *payload = rb_asprintf(
        "{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":"
        "{\"docker-manifest-digest\":\"%s\"},\"type\":\"cosign container image signature\"},"
        "\"optional\":null}",
        repository, signed_digest);
    RB_CLEANUP_FREE char *signature = image_key_sign(key, payload, strlen(payload));
    char digest[RB_DIGEST_SIZE];
    digest_of(payload, digest);
    RB_CLEANUP_FREE char *path = rb_asprintf("blobs/%s", digest);
    image_registry_put(registry, repository, path, "application/octet-stream", payload);
    return rb_asprintf(
        "{\"schemaVersion\":2,\"mediaType\":\"" MANIFEST_TYPE "\",\"config\":{\"mediaType\":"
        "\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:%064d\",\"size\":1},"
        "\"layers\":[{\"mediaType\":\"application/vnd.dev.cosign.simplesigning.v1+json\","
        "\"digest\":\"%s\",\"size\":%zu,\"annotations\":{\"dev.cosignproject.cosign/signature\":"
        "\"%s\"}}]}",
        0, digest, strlen(payload), signature);
}

void image_registry_sign(struct image_registry *registry, const char *repository, EVP_PKEY *key,
                         const char *signed_digest, const char *digest,
                         enum image_signature_place place)
{
    RB_CLEANUP_FREE char *manifest = signature_manifest(registry, repository, key, signed_digest);
    const char *hex = digest + strlen("sha256:");
    if (place == UNDER_TAG) {
        RB_CLEANUP_FREE char *path = rb_asprintf("manifests/sha256-%s.sig", hex);
        image_registry_put(registry, repository, path, MANIFEST_TYPE, manifest);
        return;
    }
    char own[RB_DIGEST_SIZE];
    digest_of(manifest, own);
    RB_CLEANUP_FREE char *path = rb_asprintf("manifests/%s", own);
    image_registry_put(registry, repository, path, MANIFEST_TYPE, manifest);
    RB_CLEANUP_FREE char *index =
        rb_asprintf("{\"schemaVersion\":2,\"mediaType\":\"" INDEX_TYPE "\",\"manifests\":["
                    "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"sha256:%064d\",\"size\":3,"
                    "\"artifactType\":\"application/spdx+json\"},"
                    "{\"mediaType\":\"" MANIFEST_TYPE "\",\"digest\":\"%s\",\"size\":%zu,"
                    "\"artifactType\":\"application/vnd.dev.cosign.artifact.sig.v1+json\"}]}",
                    7, own, strlen(manifest));
    RB_CLEANUP_FREE char *list = place == AMONG_REFERRERS ? rb_asprintf("referrers/%s", digest)
                                                          : rb_asprintf("manifests/sha256-%s", hex);
    image_registry_put(registry, repository, list, INDEX_TYPE, index);
}

EVP_PKEY *image_key_new(const char *type)
{
    EVP_PKEY *key = strcmp(type, "EC") == 0    ? EVP_EC_gen("P-256")
                    : strcmp(type, "RSA") == 0 ? EVP_RSA_gen(2048)
                                               : EVP_PKEY_Q_keygen(NULL, NULL, type);
    RB_ASSERT(key != NULL);
    return key;
}

char *image_key_pem(EVP_PKEY *key)
{
    BIO *output = BIO_new(BIO_s_mem());
    char *data;
    RB_ASSERT(output != NULL && PEM_write_bio_PUBKEY(output, key) == 1);
    long size = BIO_get_mem_data(output, &data);
    char *pem = rb_strndup(data, (size_t)size);
    BIO_free(output);
    return pem;
}

char *image_key_sign(EVP_PKEY *key, const char *data, size_t size)
{
    unsigned char bytes[1024];
    size_t bytes_size = sizeof(bytes);
    const EVP_MD *hash = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    RB_ASSERT(EVP_DigestSignInit(context, NULL, hash, NULL, key) == 1 &&
              EVP_DigestSign(context, bytes, &bytes_size, (const unsigned char *)data, size) == 1);
    EVP_MD_CTX_free(context);
    char *text = rb_zalloc(bytes_size * 4 / 3 + 8);
    (void)EVP_EncodeBlock((unsigned char *)text, bytes, (int)bytes_size);
    return text;
}
