/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as the providers' own documentation shows them (each file says which page) are proven
 * and read; tampered with, they are not. The documentation shows no secret, so each is signed here
 * with ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "request.h"

static const struct sample {
    const char *file;
    enum rb_hook_provider provider;
    const char *things;
} SAMPLES[] = {
    {"github-push", RB_HOOK_GITHUB,
     "[[\"git\",\"https://github.com/Codertocat/Hello-World.git\",\"refs/heads/main\"]]"},
    {"github-ping", RB_HOOK_GITHUB, "[]"},
    {"ghcr-registry-package", RB_HOOK_GHCR,
     "[[\"image\",\"ghcr.io/codertocat/hello-world\",\"latest\"]]"},
    {"gitlab-push", RB_HOOK_GITLAB,
     "[[\"git\",\"http://example.com/mike/diaspora.git\",\"refs/heads/master\"]]"},
    {"gitea-push", RB_HOOK_GITEA,
     "[[\"git\",\"http://localhost:3000/gitea/webhooks.git\",\"refs/heads/develop\"]]"},
    {"gitea-push", RB_HOOK_FORGEJO,
     "[[\"git\",\"http://localhost:3000/gitea/webhooks.git\",\"refs/heads/develop\"]]"},
    {"bitbucket-push", RB_HOOK_BITBUCKET,
     "[[\"git\",\"https://bitbucket.org/team_name/repo_name\",\"refs/heads/name-of-branch\"],"
     "[\"git\",\"https://bitbucket.org/team_name/repo_name\",\"refs/heads/old-branch\"],"
     "[\"git\",\"https://bitbucket.org/team_name/repo_name\",\"refs/tags/v1.0\"]]"},
    {"bitbucket-dc-push", RB_HOOK_BITBUCKET_DC,
     "[[\"git\",\"/PROJ/repository\",\"refs/heads/master\"]]"},
    {"dockerhub-push", RB_HOOK_DOCKERHUB,
     "[[\"image\",\"docker.io/svendowideit/testhook\",\"latest\"]]"},
    {"quay-push", RB_HOOK_QUAY,
     "[[\"image\",\"quay.io/dgangaia/test\",\"latest\"],"
     "[\"image\",\"quay.io/dgangaia/test\",\"v2\"]]"},
    {"quay-push-old", RB_HOOK_QUAY, "[[\"image\",\"quay.io/devtable/ubuntu\",\"latest\"]]"},
    {"harbor-push", RB_HOOK_HARBOR,
     "[[\"image\",\"harbor.example.com/test-webhook/debian\",\"latest\"]]"},
    {"harbor-cloudevent", RB_HOOK_HARBOR,
     "[[\"image\",\"harbor.example.com/test-webhook/debian\",\"latest\"]]"},
    {"harbor-cloudevent", RB_HOOK_CLOUDEVENTS,
     "[[\"image\",\"harbor.example.com/test-webhook/debian\",\"latest\"]]"},
    {"distribution-push", RB_HOOK_DISTRIBUTION,
     "[[\"image\",\"192.168.100.227:5000/hello-world\",\"latest\"]]"},
    {"acr-push", RB_HOOK_ACR, "[[\"image\",\"myregistry.azurecr.io/hello-world\",\"v1\"]]"},
    {"cloudevents-binary", RB_HOOK_CLOUDEVENTS,
     "[[\"git\",\"https://git.example.com/shop/code.git\",\"refs/heads/main\"]]"},
    {"cloudevents-batch", RB_HOOK_CLOUDEVENTS,
     "[[\"image\",\"demo.azurecr.io/aci-helloworld\",\"v1\"]]"},
    {"cdevents-artifact", RB_HOOK_CLOUDEVENTS, "[[\"image\",\"mycr.io/myapp\",\"1.2\"]]"},
    {"cdevents-package", RB_HOOK_CLOUDEVENTS,
     "[[\"url\",\"https://mirror.example.com/debian-security\"]]"},
    {"cdevents-change", RB_HOOK_CLOUDEVENTS,
     "[[\"git\",\"https://example.org/TestRepo/TestOrg\"]]"},
    {"standard", RB_HOOK_STANDARD, "[[\"image\",\"registry.example.com/shop/app\",\"1.2\"]]"},
    {"generic", RB_HOOK_GENERIC,
     "[[\"git\",\"ssh://git@git.example.com:2222/shop/code.git\"],"
     "[\"image\",\"registry.example.com/shop/app\"],[\"source\",\"shop/code\"],"
     "[\"url\",\"https://mirror.example.com/debian\"]]"},
};

static void every_sample_is_proven_and_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SAMPLES); i++) {
        RB_CLEANUP(sample_deinit) struct sample_request sample = sample_read(SAMPLES[i].file);
        const struct rb_hook_settings hook = sample_hook(SAMPLES[i].provider);
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_hook_news news;
        struct rb_err err;
        sample_sign(&sample, SAMPLES[i].provider, SAMPLE_SECRET);
        assert_outcome(sample_verify(&sample, &hook), RB_HOOK_ACCEPTED);
        if (rb_hook_parse(&hook, &sample.request, arena, &news, &err) != 0)
            fail_msg("%s: %s", SAMPLES[i].file, err.text);
        RB_CLEANUP_JSON json_t *things = rb_hook_things_json(&news);
        RB_CLEANUP_FREE char *text = rb_json_canonical(things);
        assert_string_equal(text, SAMPLES[i].things);
    }
}

static void things_come_back_from_what_was_stored(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SAMPLES); i++) {
        RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
        struct rb_hook_news news;
        struct rb_err err;
        assert_int_equal(rb_hook_things_read(SAMPLES[i].things, arena, &news, &err), 0);
        RB_CLEANUP_JSON json_t *things = rb_hook_things_json(&news);
        RB_CLEANUP_FREE char *text = rb_json_canonical(things);
        assert_string_equal(text, SAMPLES[i].things);
    }
}

/* A byte of the body changed, where the body is signed; a byte of the proof changed, in all. */
static void a_tampered_sample_is_forged(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SAMPLES); i++) {
        const struct rb_hook_settings hook = sample_hook(SAMPLES[i].provider);
        RB_CLEANUP(sample_deinit) struct sample_request body = sample_read(SAMPLES[i].file);
        RB_CLEANUP(sample_deinit) struct sample_request other = sample_read(SAMPLES[i].file);
        sample_sign(&body, SAMPLES[i].provider, SAMPLE_SECRET);
        body.body[body.request.body_size / 2] ^= 1;
        assert_outcome(sample_verify(&body, &hook),
                       sample_signs_body(SAMPLES[i].provider) ? RB_HOOK_FORGED : RB_HOOK_ACCEPTED);
        sample_sign(&other, SAMPLES[i].provider, "some other secret of theirs");
        assert_outcome(sample_verify(&other, &hook), RB_HOOK_FORGED);
    }
}

static void a_sample_without_proof_is_unsigned(void **state)
{
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SAMPLES); i++) {
        const struct rb_hook_settings hook = sample_hook(SAMPLES[i].provider);
        RB_CLEANUP(sample_deinit) struct sample_request sample = sample_read(SAMPLES[i].file);
        assert_outcome(sample_verify(&sample, &hook), RB_HOOK_UNSIGNED);
    }
}

/* What is no JSON, or JSON of another kind, is an error and never a crash. */
static void other_bodies_are_refused(void **state)
{
    static const char *const bodies[] = {"{", "[1]", "\"text\"", "null", "{\"ref\":1}", ""};
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(SAMPLES); i++) {
        const struct rb_hook_settings hook = sample_hook(SAMPLES[i].provider);
        RB_CLEANUP(sample_deinit) struct sample_request sample = sample_read(SAMPLES[i].file);
        for (size_t k = 0; k < RB_COUNT_OF(bodies); k++) {
            RB_CLEANUP(rb_arena_cleanup) struct rb_arena *arena = rb_arena_new();
            struct rb_hook_news news = {0};
            struct rb_err err;
            sample.request.body = bodies[k];
            sample.request.body_size = strlen(bodies[k]);
            if (rb_hook_parse(&hook, &sample.request, arena, &news, &err) == 0)
                assert_int_equal(news.count, 0);
            else
                assert_true(err.code == RB_EINVALID);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sample_is_proven_and_read),
        cmocka_unit_test(things_come_back_from_what_was_stored),
        cmocka_unit_test(a_tampered_sample_is_forged),
        cmocka_unit_test(a_sample_without_proof_is_unsigned),
        cmocka_unit_test(other_bodies_are_refused),
    };
    return cmocka_run_group_tests(tests, sample_set_up, NULL);
}
