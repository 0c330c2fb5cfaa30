/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "rebake/base/file.h"
#include "request.h"

enum { MAC_SIZE = 32 };

int sample_set_up(void **state)
{
    (void)state;
    unsetenv("CREDENTIALS_DIRECTORY");
    setenv("REBAKE_SECRETS", "/nonexistent", 1);
    setenv("REBAKE_SECRET_SAMPLE", SAMPLE_SECRET, 1);
    return 0;
}

static const char *header_of(const struct rb_hook_request *request, const char *name)
{
    const struct sample_request *sample =
        rb_container_of(request, const struct sample_request, request);
    for (size_t i = 0; i < sample->count; i++) {
        if (strcasecmp(sample->names[i], name) == 0)
            return sample->values[i];
    }
    return NULL;
}

static const char *parameter_of(const struct rb_hook_request *request, const char *name)
{
    const struct sample_request *sample =
        rb_container_of(request, const struct sample_request, request);
    bool found = sample->parameter_name != NULL && strcmp(sample->parameter_name, name) == 0;
    return found ? sample->parameter_value : NULL;
}

void sample_set(struct sample_request *sample, const char *name, const char *value)
{
    for (size_t i = 0; i < sample->count; i++) {
        if (strcasecmp(sample->names[i], name) != 0)
            continue;
        rb_free(sample->values[i]);
        sample->values[i] = rb_strdup(value);
        return;
    }
    assert_true(sample->count < SAMPLE_HEADERS);
    sample->names[sample->count] = rb_strdup(name);
    sample->values[sample->count++] = rb_strdup(value);
}

struct sample_request sample_of(const char *body)
{
    struct sample_request sample = {.body = rb_strdup(body)};
    sample.request = (struct rb_hook_request){.header = header_of,
                                              .parameter = parameter_of,
                                              .body = sample.body,
                                              .body_size = strlen(body),
                                              .now_at = SAMPLE_NOW * INT64_C(1000)};
    return sample;
}

/* A comment, headers, an empty line, and the body without the file's last line end. */
struct sample_request sample_read(const char *file)
{
    RB_CLEANUP_FREE char *path = rb_asprintf(REBAKE_TEST_DIR "/unit/hooks/payloads/%s.http", file);
    RB_CLEANUP_FREE char *data = NULL;
    struct rb_err err;
    if (rb_file_read(path, 1 << 20, &data, NULL, &err) != 0)
        fail_msg("%s", err.text);
    char *body = strstr(data, "\n\n");
    assert_non_null(body);
    *body = '\0';
    body += 2;
    body[strcspn(body, "\n")] = '\0';
    struct sample_request sample = sample_of(body);
    char *rest = NULL;
    for (char *line = strtok_r(data, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *colon = strstr(line, ": ");
        if (*line == '#' || colon == NULL)
            continue;
        *colon = '\0';
        sample_set(&sample, line, colon + 2);
    }
    return sample;
}

void sample_deinit(struct sample_request *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        rb_free(sample->names[i]);
        rb_free(sample->values[i]);
    }
    rb_free(sample->body);
}

struct rb_hook_settings sample_hook(enum rb_hook_provider provider)
{
    return (struct rb_hook_settings){
        .name = "sample", .provider = provider, .secret = "sample", .header = "X-Sample"};
}

static void mac_of(const char *secret, const char *data, size_t size, unsigned char *mac)
{
    assert_non_null(
        HMAC(EVP_sha256(), secret, (int)strlen(secret), (const void *)data, size, mac, NULL));
}

static char *hex_of(const unsigned char *mac, const char *prefix)
{
    char text[2 * MAC_SIZE + 1];
    for (size_t i = 0; i < MAC_SIZE; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", mac[i]);
    return rb_asprintf("%s%s", prefix, text);
}

void sample_sign_standard(struct sample_request *sample, const char *secret, long long at)
{
    unsigned char mac[MAC_SIZE];
    char base64[64];
    const char *id = header_of(&sample->request, "webhook-id");
    RB_CLEANUP_FREE char *time = rb_asprintf("%lld", at);
    RB_CLEANUP_FREE char *text = rb_asprintf("%s.%s.%s", id, time, sample->request.body);
    mac_of(secret, text, strlen(text), mac);
    (void)EVP_EncodeBlock((unsigned char *)base64, mac, MAC_SIZE);
    RB_CLEANUP_FREE char *signature = rb_asprintf("v1a,other v1,%s", base64);
    sample_set(sample, "webhook-timestamp", time);
    sample_set(sample, "webhook-signature", signature);
}

static const struct {
    const char *header; /* of the HMAC */
    const char *prefix;
} SIGNATURES[RB_HOOK_PROVIDERS] = {
    [RB_HOOK_GITHUB] = {"X-Hub-Signature-256", "sha256="},
    [RB_HOOK_GHCR] = {"X-Hub-Signature-256", "sha256="},
    [RB_HOOK_GITEA] = {"X-Gitea-Signature", ""},
    [RB_HOOK_FORGEJO] = {"X-Forgejo-Signature", ""},
    [RB_HOOK_BITBUCKET] = {"X-Hub-Signature", "sha256="},
    [RB_HOOK_BITBUCKET_DC] = {"X-Hub-Signature", "sha256="},
    [RB_HOOK_GENERIC] = {"X-Sample", "sha256="},
};

bool sample_signs_body(enum rb_hook_provider provider)
{
    return provider == RB_HOOK_STANDARD || SIGNATURES[provider].header != NULL;
}

void sample_sign(struct sample_request *sample, enum rb_hook_provider provider, const char *secret)
{
    unsigned char mac[MAC_SIZE];
    if (provider == RB_HOOK_STANDARD) {
        sample_sign_standard(sample, secret, SAMPLE_NOW);
        return;
    }
    if (SIGNATURES[provider].header == NULL) {
        sample_set(sample, provider == RB_HOOK_GITLAB ? "X-Gitlab-Token" : "Authorization", secret);
        return;
    }
    mac_of(secret, sample->request.body, sample->request.body_size, mac);
    RB_CLEANUP_FREE char *text = hex_of(mac, SIGNATURES[provider].prefix);
    sample_set(sample, SIGNATURES[provider].header, text);
}

enum rb_hook_outcome sample_verify(struct sample_request *sample,
                                   const struct rb_hook_settings *hook)
{
    struct rb_err err;
    return rb_hook_verify(hook, &sample->request, sample->key, &err);
}

void assert_outcome(enum rb_hook_outcome found, enum rb_hook_outcome expected)
{
    assert_string_equal(rb_hook_outcome_name(found), rb_hook_outcome_name(expected));
}
