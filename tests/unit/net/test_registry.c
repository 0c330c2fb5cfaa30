/* SPDX-License-Identifier: Apache-2.0 */
/* Resolving and reading manifests, and getting in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fake_registry.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "registry_parts.h"

static const char IMAGE[] = "{\"schemaVersion\":2,\"mediaType\":"
                            "\"application/vnd.oci.image.manifest.v1+json\","
                            "\"config\":{\"digest\":\"sha256:" HEX64("0123") "\",\"size\":2},"
                                                                             "\"layers\":[]}";
static const struct rb_platform AMD64 = {"linux", "amd64", NULL};
static const char LAB_PASS[] = "{\"auth\":\"bGFiOnBhc3M=\"}";

struct outcome {
    int calls;
    struct rb_resolved resolved;
    struct rb_err err;
};

static void keep(void *context, const struct rb_resolved *resolved, const struct rb_err *error)
{
    struct outcome *outcome = context;
    outcome->calls++;
    outcome->resolved = *resolved;
    if (error != NULL)
        outcome->err = *error;
}

static struct outcome resolve(struct fake *fake, const char *rest, const char *known)
{
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    struct outcome outcome = {0};
    fake_reference(fake, rest, &reference);
    rb_strbuf_clear(&fake->log);
    rb_registry_resolve(fake->session.registry, &reference, &AMD64, known, keep, &outcome, NULL);
    assert_int_equal(outcome.calls, 0);
    rb_loop_run(fake->session.loop);
    assert_int_equal(outcome.calls, 1);
    return outcome;
}

/* Serves IMAGE as :1, and an index as :multi whose amd64 entry it is. */
static void serve_all(struct fake *fake, char image_digest[RB_DIGEST_SIZE],
                      char index_digest[RB_DIGEST_SIZE])
{
    static char index[1000];
    fake_serve(fake, "manifests", "1", IMAGE, sizeof(IMAGE) - 1, MANIFEST_TYPE, image_digest);
    fake_serve(fake, "manifests", NULL, IMAGE, sizeof(IMAGE) - 1, MANIFEST_TYPE, image_digest);
    (void)snprintf(index, sizeof(index),
                   "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"sha256:" HEX64(
                       "4567") "\",\"size\":9,\"platform\":{\"os\":\"linux\",\"architecture\":"
                               "\"arm64\"}},{\"digest\":\"%s\",\"size\":%zu,\"platform\":{"
                               "\"os\":\"linux\",\"architecture\":\"amd64\"}}]}",
                   image_digest, sizeof(IMAGE) - 1);
    fake_serve(fake, "manifests", "multi", index, strlen(index), INDEX_TYPE, index_digest);
}

static void test_resolve(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    struct outcome outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, 0);
    assert_string_equal(outcome.resolved.digest, image);
    assert_string_equal(outcome.resolved.manifest_digest, image);
    assert_false(outcome.resolved.unchanged);
    assert_int_equal(outcome.resolved.cost.requests, 2); /* one of them for the TLS not spoken */
    assert_string_equal(fake->log.data, "GET /v2/app/manifests/1\n");
    outcome = resolve(fake, ":multi", NULL);
    assert_string_equal(outcome.resolved.digest, index);
    assert_string_equal(outcome.resolved.manifest_digest, image);
    assert_int_equal(outcome.resolved.cost.requests, 1);
    assert_true(outcome.resolved.cost.bytes > 300);
}

static void test_resolve_of_what_is_known(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    struct outcome outcome = resolve(fake, ":multi", index);
    assert_true(outcome.resolved.unchanged);
    assert_string_equal(outcome.resolved.digest, index);
    assert_string_equal(outcome.resolved.manifest_digest, "");
    assert_string_equal(fake->log.data, "HEAD /v2/app/manifests/multi\n");
    outcome = resolve(fake, ":multi", image);
    assert_false(outcome.resolved.unchanged);
    assert_string_equal(outcome.resolved.digest, index);
    assert_string_equal(fake->log.data,
                        "HEAD /v2/app/manifests/multi\nGET /v2/app/manifests/multi\n");
    /* A server without HEAD costs one request more, no answer less. */
    fake->head_status = 405;
    outcome = resolve(fake, ":multi", index);
    assert_int_equal(outcome.err.code, 0);
    assert_false(outcome.resolved.unchanged);
    assert_string_equal(outcome.resolved.digest, index);
    fake->head_status = 500;
    outcome = resolve(fake, ":multi", index);
    assert_int_equal(outcome.err.code, RB_EBUSY);
}

static void test_resolve_by_digest_is_verified(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE], other[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake_serve(fake, "manifests", "sha256:" HEX64("89ab"), IMAGE, sizeof(IMAGE) - 1, MANIFEST_TYPE,
               other);
    RB_CLEANUP_FREE char *good = rb_asprintf("@%s", image);
    assert_string_equal(resolve(fake, good, NULL).resolved.digest, image);
    struct outcome outcome = resolve(fake, "@sha256:" HEX64("89ab"), NULL);
    assert_int_equal(outcome.err.code, RB_EVERIFY);
    assert_string_equal(outcome.resolved.digest, "");
}

static void test_refusals(void **state)
{
    static const struct {
        unsigned status;
        const char *header;
        int code;
        int64_t retry_after_ms;
        const char *text;
    } CASES[] = {
        {429, "Retry-After: 3", RB_EBUSY, 3000, "429: TOOMANYREQUESTS: slow down"},
        {503, NULL, RB_EBUSY, 0, "503"},
        {500, NULL, RB_EBUSY, 0, "500"},
        {403, NULL, RB_EAUTH, 0, "403"},
    };
    struct fake *fake = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        fake->failure = CASES[i].status;
        fake->failure_header = CASES[i].header;
        for (int known = 0; known < 2; known++) {
            struct outcome outcome = resolve(fake, ":1", known ? "sha256:" HEX64("0123") : NULL);
            assert_int_equal(outcome.err.code, CASES[i].code);
            assert_int_equal(outcome.resolved.cost.retry_after_ms, CASES[i].retry_after_ms);
            assert_true(outcome.resolved.cost.requests >= 1);
            if (!known)
                assert_non_null(strstr(outcome.err.text, CASES[i].text));
        }
    }
    fake->failure = 0;
    struct outcome outcome = resolve(fake, ":absent", NULL);
    assert_int_equal(outcome.err.code, RB_ENOTFOUND);
    assert_non_null(strstr(outcome.err.text, "/app:absent: the server answered 404: "
                                             "MANIFEST_UNKNOWN: not here"));
}

static void test_documents_that_are_no_images(void **state)
{
    static const struct {
        const char *text;
        int code;
    } CASES[] = {
        {"", RB_EINVALID},
        {"<html>", RB_EINVALID},
        {"{\"schemaVersion\":1}", RB_EINVALID},
        {"{\"manifests\":[]}", RB_ENOTFOUND},
        {"{\"manifests\":[{\"digest\":\"md5:x\",\"size\":1,\"platform\":{\"os\":\"linux\","
         "\"architecture\":\"amd64\"}}]}",
         RB_EINVALID},
    };
    struct fake *fake = *state;
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        char name[8], rest[8], digest[RB_DIGEST_SIZE];
        (void)snprintf(name, sizeof(name), "%zu", i);
        (void)snprintf(rest, sizeof(rest), ":%zu", i);
        fake_serve(fake, "manifests", name, CASES[i].text, strlen(CASES[i].text), NULL, digest);
        assert_int_equal(resolve(fake, rest, NULL).err.code, CASES[i].code);
    }
}

static void test_basic(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BASIC;
    struct outcome outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_EAUTH);
    assert_non_null(strstr(outcome.err.text, "no credentials were found for 127.0.0.1"));
    fake_log_in(fake, LAB_PASS);
    outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, 0);
    assert_string_equal(fake->log.data, "GET /v2/app/manifests/1\nGET /v2/app/manifests/1\n");
    /* What was learnt saves the refusal the next time. */
    outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, 0);
    assert_string_equal(fake->log.data, "GET /v2/app/manifests/1\n");
    fake_log_in(fake, "{\"auth\":\"YmFkOmJhZA==\"}");
    fake->accept_no_token = true;
    outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_EAUTH);
    assert_non_null(strstr(outcome.err.text, "401: UNAUTHORIZED: authentication required (it does "
                                             "not take the credentials for 127.0.0.1"));
}

#define TOKEN_QUERY                                                                                \
    "GET /token?x=1&service=lab registry&scope=repository:app:pull&client_id=rebake\n"

static void test_bearer(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BEARER;
    struct outcome outcome = resolve(fake, ":1", NULL); /* anonymous */
    assert_int_equal(outcome.err.code, 0);
    assert_string_equal(fake->log.data,
                        "GET /v2/app/manifests/1\n" TOKEN_QUERY "GET /v2/app/manifests/1\n");
    assert_int_equal(outcome.resolved.cost.requests, 4);
    outcome = resolve(fake, ":1", image); /* the token is kept */
    assert_true(outcome.resolved.unchanged);
    assert_string_equal(fake->log.data, "HEAD /v2/app/manifests/1\n");
}

static void test_bearer_with_credentials(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BEARER;
    fake->refuse_tokens = true;
    struct outcome outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_EAUTH);
    assert_non_null(strstr(outcome.err.text, "token: the server answered 401: incorrect username"));
    fake_log_in(fake, LAB_PASS);
    assert_int_equal(resolve(fake, ":1", NULL).err.code, 0);
    /* The registry stops taking the token: a new one is fetched, once. */
    fake->accept_no_token = true;
    outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_EAUTH);
    assert_string_equal(fake->log.data,
                        "GET /v2/app/manifests/1\n" TOKEN_QUERY "GET /v2/app/manifests/1\n");
}

static void test_bearer_with_an_identity_token(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BEARER;
    fake->refuse_tokens = true;
    fake_log_in(fake, "{\"identitytoken\":\"id token\"}");
    assert_int_equal(resolve(fake, ":1", NULL).err.code, 0);
    assert_non_null(strstr(fake->log.data,
                           "POST /token?x=1 grant_type=refresh_token&service=lab%20registry&scope="
                           "repository%3Aapp%3Apull&client_id=rebake&refresh_token=id%20token\n"));
}

static void test_bearer_with_a_helper(void **state)
{
    static const char SCRIPT[] = "#!/bin/sh\ncat >/dev/null\n"
                                 "echo '{\"Username\":\"lab\",\"Secret\":\"pass\"}'\n";
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BEARER;
    fake->refuse_tokens = true;
    RB_CLEANUP_FREE char *old_path = rb_strdup(getenv("PATH"));
    RB_CLEANUP_FREE char *path = rb_asprintf("%s:%s", fake->folder, old_path);
    RB_CLEANUP_FREE char *helper = rb_asprintf("%s/docker-credential-box", fake->folder);
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/auth.json", fake->folder);
    static const char STORE[] = "{\"credsStore\":\"box\"}";
    assert_int_equal(rb_file_write_atomic(file, STORE, strlen(STORE), 0600, NULL), 0);
    struct outcome outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_ENOTFOUND);
    assert_non_null(strstr(outcome.err.text, "run docker-credential-box"));
    assert_int_equal(rb_file_write_atomic(helper, SCRIPT, strlen(SCRIPT), 0700, NULL), 0);
    setenv("PATH", path, 1);
    outcome = resolve(fake, ":1", NULL);
    setenv("PATH", old_path, 1);
    assert_int_equal(outcome.err.code, 0);
    assert_string_equal(outcome.resolved.digest, image);
}

static void test_tokens_expire(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake->auth = AUTH_BEARER;
    fake->token_answer = "{\"access_token\":\"t0ken\",\"expires_in\":1}";
    /* Too short a life to be used at all: honest servers do not do this, and it must not loop. */
    assert_int_equal(resolve(fake, ":1", NULL).err.code, RB_EAUTH);
    fake->token_answer = "{\"access_token\":\"t0ken\"}";
    assert_int_equal(resolve(fake, ":1", NULL).err.code, 0);
}

static void test_bad_token_servers(void **state)
{
    static const char *const ANSWERS[] = {"", "{}", "{\"token\":\"\"}", "{\"token\":7}",
                                          "{\"token\":\"a\\r\\nX-Evil: 1\"}"};
    struct fake *fake = *state;
    fake->auth = AUTH_BEARER;
    for (size_t i = 0; i < RB_COUNT_OF(ANSWERS); i++) {
        fake->token_answer = ANSWERS[i];
        assert_int_not_equal(resolve(fake, ":1", NULL).err.code, 0);
        assert_null(strstr(fake->log.data, "GET /v2/app/manifests/1\nGET /token\nGET"));
    }
    fake->realm_override = "http://auth.example.com/token";
    struct outcome outcome = resolve(fake, ":1", NULL);
    assert_int_equal(outcome.err.code, RB_EAUTH);
    assert_non_null(strstr(outcome.err.text, "http://auth.example.com/token does not speak TLS"));
    fake->realm_override = "file:///etc/passwd";
    assert_int_equal(resolve(fake, ":1", NULL).err.code, RB_EAUTH);
    fake->realm_override = "";
    assert_int_equal(resolve(fake, ":1", NULL).err.code, RB_EAUTH);
}

static void test_cancel(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    serve_all(fake, image, index);
    fake_reference(fake, ":1", &reference);
    fake->auth = AUTH_BEARER;
    /* After every number of turns of the loop: in each state once. */
    for (int turns = 0; turns < 30; turns++) {
        struct outcome outcome = {0};
        struct rb_registry_request *request;
        rb_registry_resolve(fake->session.registry, &reference, &AMD64, image, keep, &outcome,
                            &request);
        for (int i = 0; i < turns && outcome.calls == 0; i++)
            rb_loop_run_once(fake->session.loop);
        int calls = outcome.calls;
        if (calls == 0)
            rb_registry_cancel(request);
        rb_loop_run(fake->session.loop);
        assert_int_equal(outcome.calls, calls);
    }
}

static void test_cancel_while_a_helper_runs(void **state)
{
    static const char SCRIPT[] = "#!/bin/sh\nexec sleep 1000\n";
    static const char STORE[] = "{\"credsStore\":\"box\"}";
    struct fake *fake = *state;
    struct outcome outcome = {0};
    struct rb_registry_request *request;
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP_FREE char *old_path = rb_strdup(getenv("PATH"));
    RB_CLEANUP_FREE char *path = rb_asprintf("%s:%s", fake->folder, old_path);
    RB_CLEANUP_FREE char *helper = rb_asprintf("%s/docker-credential-box", fake->folder);
    RB_CLEANUP_FREE char *file = rb_asprintf("%s/auth.json", fake->folder);
    fake->auth = AUTH_BASIC;
    fake_reference(fake, ":1", &reference);
    assert_int_equal(rb_file_write_atomic(file, STORE, strlen(STORE), 0600, NULL), 0);
    assert_int_equal(rb_file_write_atomic(helper, SCRIPT, strlen(SCRIPT), 0700, NULL), 0);
    setenv("PATH", path, 1);
    rb_registry_resolve(fake->session.registry, &reference, &AMD64, NULL, keep, &outcome, &request);
    while (fake->session.registry->helpers == 0)
        rb_loop_run_once(fake->session.loop);
    setenv("PATH", old_path, 1);
    rb_registry_cancel(request);
    assert_int_equal(outcome.calls, 0); /* fake_teardown waits for the child */
}

static void test_nobody_there(void **state)
{
    struct fake *fake = *state;
    RB_CLEANUP_FREE char *text = rb_asprintf("127.0.0.1:%d/app", closed_port());
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    struct outcome outcome = {0};
    assert_int_equal(rb_reference_parse(text, &reference, NULL), 0);
    rb_registry_resolve(fake->session.registry, &reference, &AMD64, NULL, keep, &outcome, NULL);
    rb_loop_run(fake->session.loop);
    assert_int_equal(outcome.err.code, RB_ENETWORK);
    assert_non_null(strstr(outcome.err.text, "/app:latest: GET http://127.0.0.1:"));
}

static void test_manifest_blocking(void **state)
{
    struct fake *fake = *state;
    char image[RB_DIGEST_SIZE], index[RB_DIGEST_SIZE];
    static const char *const TAGS[] = {":1", ":multi"};
    struct rb_err err = {0};
    serve_all(fake, image, index);
    for (size_t i = 0; i < RB_COUNT_OF(TAGS); i++) {
        RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
        RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
        fake_reference(fake, TAGS[i], &reference);
        if (rb_registry_manifest(fake->session.registry, &reference, &AMD64, &manifest, &err) != 0)
            fail_msg("%s", err.text);
        assert_string_equal(manifest.data, IMAGE);
        assert_int_equal(manifest.size, sizeof(IMAGE) - 1);
        assert_string_equal(manifest.digest, image);
    }
    RB_CLEANUP(rb_reference_deinit) struct rb_reference reference = {0};
    RB_CLEANUP(rb_manifest_deinit) struct rb_manifest manifest = {0};
    const struct rb_platform arm64 = {"linux", "arm64", NULL};
    fake_reference(fake, ":multi", &reference);
    assert_int_equal(
        rb_registry_manifest(fake->session.registry, &reference, &arm64, &manifest, &err),
        RB_ENOTFOUND);
    assert_non_null(strstr(err.text, "@sha256:4567"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_setup, fake_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_resolve),
        TEST(test_resolve_of_what_is_known),
        TEST(test_resolve_by_digest_is_verified),
        TEST(test_refusals),
        TEST(test_documents_that_are_no_images),
        TEST(test_basic),
        TEST(test_bearer),
        TEST(test_bearer_with_credentials),
        TEST(test_bearer_with_an_identity_token),
        TEST(test_bearer_with_a_helper),
        TEST(test_tokens_expire),
        TEST(test_bad_token_servers),
        TEST(test_cancel),
        TEST(test_cancel_while_a_helper_runs),
        TEST(test_nobody_there),
        TEST(test_manifest_blocking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
