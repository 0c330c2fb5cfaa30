/* SPDX-License-Identifier: Apache-2.0 */
/* The recipe's hash over many ways to write one pipeline, and over one change at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/pipelines/pipeline.h"

static const char original[] = "apiVersion: rebake/v1\n"
                               "pipeline: shop\n"
                               "sources:\n"
                               "  code: { git: https://git.example.com/shop.git, branch: main }\n"
                               "  debian: { image: debian, tag: bookworm }\n"
                               "  security:\n"
                               "    apt: https://mirror.example.com/debian-security\n"
                               "    suite: bookworm-security\n"
                               "    components: [main, contrib]\n"
                               "    signed-by: /usr/share/keyrings/debian-archive-keyring.gpg\n"
                               "images:\n"
                               "  runtime:\n"
                               "    from: debian\n"
                               "    context: { source: code, path: docker }\n"
                               "    packages: [security]\n"
                               "    arguments: { A: 1, B: two }\n"
                               "    push: registry.example.com/shop/runtime\n"
                               "  app:\n"
                               "    from: runtime\n"
                               "    context: { source: code }\n"
                               "    push: registry.example.com/shop/app\n";

/* The hash of an image of the text. */
static void hash_of(const char *text, const char *image, char *hex)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    if (rb_pipeline_parse(text, strlen(text), "shop.yaml", &pipeline, &diagnostics, &err) != 0)
        fail_msg("%s: %s\n%s", err.text, diagnostics.items[0].message, text);
    memcpy(hex, rb_pipeline_image(pipeline, image)->recipe_hash, RB_SHA256_HEX_SIZE);
}

/* The original with the first `from` replaced by `to`; the caller frees it. */
static char *changed(const char *from, const char *to)
{
    const char *at = strstr(original, from);
    assert_non_null(at);
    return rb_asprintf("%.*s%s%s", (int)(at - original), original, to, at + strlen(from));
}

struct change {
    const char *from;
    const char *to;
};

static void what_does_not_change_the_build_keeps_the_hash(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"apiVersion", "# a comment\n\n\napiVersion"},
        {"pipeline: shop\n", "pipeline: \"shop\"   # the same\n"},
        {"branch: main }", "branch: main, every: 5m }"},
        {"branch: main }", "branch: main, paths: [docker], signed: { keyring: /k } }"},
        {"{ git: https://git.example.com/shop.git, branch: main }",
         "{ branch: main, git: https://git.example.com/shop.git }"},
        {"tag: bookworm }", "tag: bookworm, every: 1h }"},
        {"image: debian", "image: docker.io/library/debian"},
        {"debian-security\n", "debian-security/\n"},
        {"    signed-by", "    architectures: [arm64]\n    signed-by"},
        {"path: docker", "path: ./docker/"},
        {"{ A: 1, B: two }", "{ B: two, A: \"1\" }"},
        {"    packages: [security]\n    arguments",
         "    packages:\n      - security\n    builder: buildah\n    file: Containerfile\n"
         "    kind: container\n    timeout: 1h\n    rebuild: { settle: 5m }\n    arguments"},
        {"  debian: {", "  other: { image: debian, tag: trixie }\n  debian: {"},
        {"pipeline: shop\n", "pipeline: store\n"},
    };
    char before[RB_SHA256_HEX_SIZE], after[RB_SHA256_HEX_SIZE];
    hash_of(original, "runtime", before);
    for (size_t i = 0; i < RB_COUNT_OF(changes); i++) {
        RB_CLEANUP_FREE char *text = changed(changes[i].from, changes[i].to);
        hash_of(text, "runtime", after);
        assert_string_equal(before, after);
    }
}

static void what_changes_the_build_changes_the_hash(void **state)
{
    (void)state;
    static const struct change changes[] = {
        {"shop.git", "other.git"},
        {"branch: main", "branch: next"},
        {"image: debian", "image: ubuntu"},
        {"tag: bookworm", "tag: trixie"},
        {"mirror.example.com/debian-security", "mirror.example.com/other"},
        {"suite: bookworm-security", "suite: trixie-security"},
        {"[main, contrib]", "[main]"},
        {"debian-archive-keyring", "other-keyring"},
        {"path: docker", "path: other"},
        {"    packages: [security]\n", ""},
        {"{ A: 1, B: two }", "{ A: 1, B: three }"},
        {"{ A: 1, B: two }", "{ A: 1 }"},
        {"{ A: 1, B: two }", "{ A: 1, C: two }"},
        {"    packages", "    file: Dockerfile\n    packages"},
        {"shop/runtime", "shop/base"},
    };
    char hashes[RB_COUNT_OF(changes) + 1][RB_SHA256_HEX_SIZE];
    hash_of(original, "runtime", hashes[0]);
    for (size_t i = 0; i < RB_COUNT_OF(changes); i++) {
        RB_CLEANUP_FREE char *text = changed(changes[i].from, changes[i].to);
        hash_of(text, "runtime", hashes[i + 1]);
        for (size_t j = 0; j <= i; j++)
            assert_string_not_equal(hashes[j], hashes[i + 1]);
    }
}

static void another_base_changes_the_hash_and_the_base_of_the_base_does_not(void **state)
{
    (void)state;
    char before[RB_SHA256_HEX_SIZE], after[RB_SHA256_HEX_SIZE];
    hash_of(original, "app", before);
    RB_CLEANUP_FREE char *rebased = changed("from: runtime", "from: debian");
    hash_of(rebased, "app", after);
    assert_string_not_equal(before, after);
    RB_CLEANUP_FREE char *below = changed("tag: bookworm", "tag: trixie");
    hash_of(below, "app", after);
    assert_string_equal(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_does_not_change_the_build_keeps_the_hash),
        cmocka_unit_test(what_changes_the_build_changes_the_hash),
        cmocka_unit_test(another_base_changes_the_hash_and_the_base_of_the_base_does_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
