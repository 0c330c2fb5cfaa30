/* SPDX-License-Identifier: Apache-2.0 */
#include "auth_file.h"

#include <openssl/evp.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { LONGEST_AUTH = 64 << 10 };

void rb_credentials_deinit(struct rb_credentials *credentials)
{
    rb_free(credentials->user);
    rb_free(credentials->password);
    rb_free(credentials->identity_token);
    rb_free(credentials->helper);
    *credentials = (struct rb_credentials){0};
}

bool rb_credentials_are_empty(const struct rb_credentials *credentials)
{
    return credentials->user == NULL && credentials->identity_token == NULL &&
           credentials->helper == NULL;
}

/* A key in the old way, "https://index.docker.io/v1/" (its path says nothing), and in the new,
   "docker.io" or "quay.io/user", as the new. The caller frees it. */
static char *normal_key(const char *key)
{
    static const char *const SCHEMES[] = {"https://", "http://"};
    static const char *const HUB[] = {"index.docker.io", "registry-1.docker.io"};
    RB_CLEANUP_FREE char *normal = NULL;
    for (size_t i = 0; normal == NULL && i < RB_COUNT_OF(SCHEMES); i++) {
        if (!rb_text_starts_with(key, SCHEMES[i]))
            continue;
        const char *host = key + strlen(SCHEMES[i]);
        normal = rb_strndup(host, strcspn(host, "/"));
    }
    if (normal == NULL)
        normal = rb_strdup(key);
    for (size_t i = 0; i < RB_COUNT_OF(HUB); i++) {
        size_t size = strlen(HUB[i]);
        if (strncmp(normal, HUB[i], size) == 0 && (normal[size] == '\0' || normal[size] == '/'))
            return rb_asprintf("docker.io%s", normal + size);
    }
    return rb_steal(&normal);
}

/* Is the key the place or a folder above it? */
static bool key_covers(const char *key, const char *place)
{
    size_t size = strlen(key);
    return size > 0 && strncmp(key, place, size) == 0 &&
           (place[size] == '\0' || place[size] == '/');
}

static bool entry_says_something(const json_t *entry)
{
    return *rb_json_get_string(entry, "auth", "") != '\0' ||
           *rb_json_get_string(entry, "identitytoken", "") != '\0';
}

static const json_t *best_entry(const json_t *auths, const char *place)
{
    const json_t *best = NULL;
    size_t best_size = 0;
    const char *key;
    json_t *entry;
    json_object_foreach((json_t *)(uintptr_t)auths, key, entry)
    {
        RB_CLEANUP_FREE char *normal = normal_key(key);
        if (strlen(normal) > best_size && key_covers(normal, place) &&
            entry_says_something(entry)) {
            best = entry;
            best_size = strlen(normal);
        }
    }
    return best;
}

static char *decode_base64(const char *text)
{
    size_t size = strlen(text);
    if (size > LONGEST_AUTH || size % 4 != 0)
        return NULL;
    char *bytes = rb_zalloc(size + 1);
    int decoded = EVP_DecodeBlock((unsigned char *)bytes, (const unsigned char *)text, (int)size);
    if (decoded < 0) {
        rb_free(bytes);
        return NULL;
    }
    return bytes; /* what the padding stood for is NUL, as is what some old tools add */
}

static int take_entry(const json_t *entry, const char *what, const char *place,
                      struct rb_credentials *ret_credentials, struct rb_err *err)
{
    const char *token = rb_json_get_string(entry, "identitytoken", "");
    if (*token != '\0') {
        ret_credentials->identity_token = rb_strdup(token);
        return 0;
    }
    RB_CLEANUP_FREE char *text = decode_base64(rb_json_get_string(entry, "auth", ""));
    char *colon = text == NULL ? NULL : strchr(text, ':');
    if (colon == NULL)
        return rb_err_set(err, RB_EINVALID,
                          "%s: \"auth\" for %s is not user:password in base64: log in again", what,
                          place);
    *colon = '\0';
    ret_credentials->user = rb_strdup(text);
    ret_credentials->password = rb_strdup(colon + 1);
    return 0;
}

static const char *helper_for(const json_t *helpers, const char *registry)
{
    const char *key;
    json_t *helper;
    json_object_foreach((json_t *)(uintptr_t)helpers, key, helper)
    {
        RB_CLEANUP_FREE char *normal = normal_key(key);
        if (strcmp(normal, registry) == 0)
            return json_string_value(helper);
    }
    return NULL;
}

/* The name becomes part of a program's: nothing in it may lead to another folder. */
static int take_helper(const char *helper, const char *what, struct rb_credentials *ret_credentials,
                       struct rb_err *err)
{
    if (!rb_text_is_name(helper))
        return rb_err_set(err, RB_EINVALID, "%s: \"%.60s\" is not the name of a credential helper",
                          what, helper);
    ret_credentials->helper = rb_strdup(helper);
    return 0;
}

int rb_auth_file_find(const json_t *file, const char *what, const char *registry,
                      const char *repository, struct rb_credentials *ret_credentials,
                      struct rb_err *err)
{
    const json_t *auths = json_object_get(file, "auths");
    const char *helper = helper_for(json_object_get(file, "credHelpers"), registry);
    const char *store = rb_json_get_string(file, "credsStore", "");
    RB_CLEANUP_FREE char *place = rb_asprintf("%s/%s", registry, repository);
    if (!rb_text_is_empty(helper))
        return take_helper(helper, what, ret_credentials, err);
    const json_t *entry = best_entry(auths, place);
    if (entry != NULL)
        return take_entry(entry, what, place, ret_credentials, err);
    if (*store != '\0')
        return take_helper(store, what, ret_credentials, err);
    return 0;
}

int rb_auth_helper_answer(const char *data, size_t size, const char *what,
                          struct rb_credentials *ret_credentials, struct rb_err *err)
{
    RB_CLEANUP_JSON json_t *json = NULL;
    const char *user, *secret;
    int status = rb_json_parse(data, size, what, &json, err);
    if (status == 0)
        status = rb_json_want_string(json, what, "Username", &user, err);
    if (status == 0)
        status = rb_json_want_string(json, what, "Secret", &secret, err);
    if (status != 0)
        return status;
    if (strcmp(user, "<token>") == 0) {
        ret_credentials->identity_token = rb_strdup(secret);
        return 0;
    }
    ret_credentials->user = rb_strdup(user);
    ret_credentials->password = rb_strdup(secret);
    return 0;
}
