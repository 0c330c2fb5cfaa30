/* SPDX-License-Identifier: Apache-2.0 */
/* What of the code counts for an image, and what stands for it in the image's key and lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/pipelines/lock.h"

#define A "0123456789abcdef0123456789abcdef01234567"
#define B "89abcdef0123456789abcdef0123456789abcdef"

static struct rb_pipeline *pipeline_with(const char *source, const char *context)
{
    struct rb_diagnostics diagnostics = {0};
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    RB_CLEANUP_FREE char *text =
        rb_asprintf("apiVersion: rebake/v1\npipeline: shop\nsources:\n"
                    "  code: { git: https://git.example.com/shop.git, %s }\n"
                    "  debian: { image: debian, tag: bookworm }\n"
                    "images:\n  app:\n    from: debian\n    context: { source: code, path: %s }\n"
                    "    push: registry.example.com/shop/app\n",
                    source, context);
    if (rb_pipeline_parse(text, strlen(text), "shop.yaml", &pipeline, &diagnostics, &err) != 0)
        fail_msg("%s: %s", err.text, diagnostics.items[0].message);
    return pipeline;
}

static void paths_that_lie_in_the_context_count(void **state)
{
    (void)state;
    static const struct {
        const char *source;
        const char *context;
        const char *paths[4];
    } CASES[] = {
        {"branch: main", "docker", {"docker"}},
        {"branch: main, paths: [docker, src]", ".", {"docker", "src", "Containerfile"}},
        {"branch: main, paths: [docker, src]", "docker", {"docker"}},
        {"branch: main, paths: [docker, src]", "docker/app", {"docker/app"}},
        {"branch: main, paths: [docker/app/src, src]",
         "docker",
         {"docker/app/src", "docker/Containerfile"}},
        {"branch: main, paths: [Containerfile]", ".", {"Containerfile"}},
        {"branch: main, paths: [.]", "docker", {"docker"}},
        {"tags: { semver: \"*\" }, paths: [docker, dockers]", "dockers", {"dockers"}},
    };
    for (size_t i = 0; i < RB_COUNT_OF(CASES); i++) {
        RB_CLEANUP(rb_pipeline_cleanup)
        struct rb_pipeline *pipeline = pipeline_with(CASES[i].source, CASES[i].context);
        const char *const *paths = pipeline->images[0].code_paths;
        size_t count = 0;
        for (; paths[count] != NULL; count++) {
            if (!rb_text_equal(paths[count], CASES[i].paths[count]))
                fail_msg("case %zu: %s", i, paths[count]);
        }
        assert_null(CASES[i].paths[count]);
    }
}

static const char *key_of(const struct rb_pipeline *pipeline, json_t *trees, char *hex)
{
    const char *key = rb_lock_code_key(&pipeline->images[0], trees, hex);
    json_decref(trees);
    return key;
}

static void other_trees_do_not_move_the_key(void **state)
{
    (void)state;
    char first[RB_SHA256_HEX_SIZE], other[RB_SHA256_HEX_SIZE];
    RB_CLEANUP(rb_pipeline_cleanup)
    struct rb_pipeline *pipeline = pipeline_with("branch: main, paths: [docker, src]", ".");
    /* the root moves with every commit */
    assert_non_null(key_of(
        pipeline, json_pack("{s:s,s:s,s:n,s:s}", ".", A, "docker", A, "src", "Containerfile", A),
        first));
    assert_non_null(key_of(pipeline,
                           json_pack("{s:s,s:s,s:n,s:s,s:s}", ".", B, "docker", A, "src",
                                     "Containerfile", A, "docs", B),
                           other));
    assert_string_equal(first, other);
    assert_non_null(key_of(
        pipeline, json_pack("{s:s,s:s,s:s,s:s}", ".", A, "docker", A, "src", A, "Containerfile", A),
        other));
    assert_string_not_equal(first, other);
    /* what was not looked at is not known */
    assert_null(key_of(pipeline, json_pack("{s:s,s:s}", ".", A, "docker", A), other));
}

static void a_lock_keeps_the_key(void **state)
{
    (void)state;
    char hex[RB_SHA256_HEX_SIZE], built[RB_SHA256_HEX_SIZE];
    static const char *const SOURCES[] = {"branch: main", "branch: main, paths: [docker, src]",
                                          "tags: { semver: \"*\" }, paths: [docker]"};
    static const char *const NO_HASHES[] = {NULL};
    RB_CLEANUP_JSON json_t *trees =
        json_pack("{s:s,s:s,s:n,s:s}", ".", A, "docker", B, "src", "Containerfile", A);
    for (size_t i = 0; i < RB_COUNT_OF(SOURCES); i++) {
        RB_CLEANUP(rb_pipeline_cleanup)
        struct rb_pipeline *pipeline = pipeline_with(SOURCES[i], ".");
        struct rb_lock_inputs inputs = {.base_reference = "docker.io/library/debian",
                                        .base_digest = "sha256:x",
                                        .commit = A,
                                        .tag = "v1.0",
                                        .tree = A,
                                        .trees = trees,
                                        .release_hashes = NO_HASHES};
        RB_CLEANUP_JSON json_t *lock = rb_lock_make(&pipeline->images[0], &inputs);
        const json_t *code = json_object_get(lock, "code");
        assert_string_equal(rb_lock_code_key(&pipeline->images[0], trees, hex),
                            rb_lock_built_code_key(lock, built));
        assert_string_equal(rb_json_get_string(code, "tree", ""), A);
        assert_string_equal(rb_json_get_string(code, i < 2 ? "branch" : "tag", ""),
                            i < 2 ? "main" : "v1.0");
        assert_null(json_object_get(code, i < 2 ? "tag" : "branch"));
        assert_int_equal(json_object_get(code, "trees") != NULL, i > 0);
    }
}

static void a_spec_says_all_of_a_source(void **state)
{
    (void)state;
    static const char *const SOURCES[] = {"branch: main",
                                          ("tags: { glob: v*, semver: \"^1\", prereleases: true }, "
                                           "paths: [a, b], signed: { keyring: /k }"),
                                          "tags: { order: deb }, signed: { allowed-signers: /a }"};
    for (size_t i = 0; i < RB_COUNT_OF(SOURCES); i++) {
        RB_CLEANUP(rb_pipeline_cleanup)
        struct rb_pipeline *pipeline = pipeline_with(SOURCES[i], "a");
        RB_CLEANUP_JSON json_t *spec = rb_source_spec(rb_pipeline_source(pipeline, "code"));
        struct rb_source *source = NULL;
        assert_int_equal(rb_source_from_spec(spec, &source, NULL), 0);
        RB_CLEANUP_JSON json_t *again = rb_source_spec(source);
        assert_true(json_equal(spec, again));
        assert_int_equal(source->git.branch != NULL, i == 0);
        rb_source_free(source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_that_lie_in_the_context_count),
        cmocka_unit_test(other_trees_do_not_move_the_key),
        cmocka_unit_test(a_lock_keeps_the_key),
        cmocka_unit_test(a_spec_says_all_of_a_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
