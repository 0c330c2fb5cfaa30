/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "build/build_spec.h"
#include "rebake/base/memory.h"

static const char GOOD[] =
    "{\"version\": 1, \"kind\": \"build\", \"image\": \"shop/app\", \"builder\": \"buildah\","
    " \"lock\": {\"base\": {\"reference\": \"registry.example.com/shop/runtime\", \"digest\":"
    "   \"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"},"
    "  \"code\": {\"url\": \"https://git.example.com/shop.git\", \"branch\": \"main\","
    "   \"commit\": \"c\", \"tree\": \"t\", \"path\": \"docker/app\"}},"
    " \"from\": \"runtime\", \"fromTag\": \"slim\", \"recipeFile\": \"Containerfile\","
    " \"arguments\": {\"NAME\": \"a value\"}, \"push\": \"registry.example.com:5000/shop/app\","
    " \"layerCache\": false, \"repositories\": [{\"name\": \"security\","
    "  \"url\": \"https://mirror.example.com/debian-security\", \"suite\": \"bookworm-security\","
    "  \"components\": [\"main\"], \"signedBy\": \"/usr/share/keyrings/debian.gpg\"}]}";

static json_t *parse(const char *text)
{
    json_t *json = NULL;
    struct rb_err err;
    assert_int_equal(rb_json_parse(text, strlen(text), "test", &json, &err), 0);
    return json;
}

static void test_good(void **state)
{
    RB_CLEANUP_JSON json_t *json = parse(GOOD);
    struct build_spec spec;
    struct rb_err err;
    (void)state;
    assert_int_equal(build_spec_read(json, &spec, &err), 0);
    assert_string_equal(spec.image, "shop/app");
    assert_string_equal(spec.from_tag, "slim");
    assert_string_equal(spec.code.path, "docker/app");
    assert_null(spec.code.mirror);
    assert_false(spec.layer_cache);
    assert_int_equal(json_array_size(spec.repositories), 1);
}

/* Each case is the good spec with one piece of text replaced. */
static void test_bad(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        const char *error;
    } cases[] = {
        {"\"image\"", "\"imago\"", "the job's spec: \"image\" is missing"},
        {"\"buildah\"", "\"mkosi\"",
         "the job's spec: \"builder\": \"mkosi\" is not a builder that this runner has (buildah)"},
        {"\"Containerfile\"", "\"../Containerfile\"",
         "the job's spec: \"recipeFile\": \"../Containerfile\" is not a path inside the context"},
        {"\"Containerfile\"", "\"/Containerfile\"",
         "the job's spec: \"recipeFile\": \"/Containerfile\" is not a path inside the context"},
        {"\"Containerfile\"", "\"Containerfile.in\"",
         "the job's spec: \"recipeFile\": \"Containerfile.in\" is not a Containerfile: one that "
         "must be preprocessed (.in) is not built"},
        {"docker/app", "docker/..",
         "the job's spec: \"path\": \"docker/..\" is not a path inside the code"},
        {"5000/shop/app\"", "5000/shop/app:tag\"",
         "the job's spec: \"push\": \"registry.example.com:5000/shop/app:tag\" is not "
         "registry/name"},
        {"com/shop/runtime", "com/shop/runtime:1",
         "the job's spec: \"reference\": \"registry.example.com/shop/runtime:1\" is not "
         "registry/name"},
        {"sha256:0", "sha256:x",
         "the job's spec: \"digest\": "
         "\"sha256:x123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" is not a "
         "sha256 digest"},
        {"\"NAME\": \"a value\"", "\"1NAME\": \"a\"",
         "the job's spec: \"arguments\": \"1NAME\" is not a variable's name with a text"},
        {"\"NAME\": \"a value\"", "\"NAME\": 1",
         "the job's spec: \"arguments\": \"NAME\" is not a variable's name with a text"},
        {"\"security\"", "\"../x\"", "the job's spec: \"name\": \"../x\" is not a name"},
        {"\"bookworm-security\"", "\"a\\nTrusted: yes\"",
         "the job's spec: \"suite\": \"a Trusted: yes\" is not one word"},
        {"\"main\"]", "\"main x\"]", "the job's spec: \"components\": \"main x\" is not one word"},
        {"\"/usr/share/keyrings/debian.gpg\"", "\"debian.gpg\"",
         "the job's spec: \"signedBy\": \"debian.gpg\" is not an absolute path"},
    };
    (void)state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        const char *at = strstr(GOOD, cases[i].from);
        assert_non_null(at);
        RB_CLEANUP_FREE char *text = rb_asprintf("%.*s%s%s", (int)(at - GOOD), GOOD, cases[i].to,
                                                 at + strlen(cases[i].from));
        RB_CLEANUP_JSON json_t *json = parse(text);
        struct build_spec spec;
        struct rb_err err;
        assert_int_equal(build_spec_read(json, &spec, &err), RB_EINVALID);
        assert_string_equal(err.text, cases[i].error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_good), cmocka_unit_test(test_bad)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
