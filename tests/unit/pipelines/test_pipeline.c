/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/pipelines/lock.h"
#include "rebake/pipelines/pipeline.h"

#define GOOD(name)     REBAKE_TEST_DIR "/unit/pipelines/good/" name
#define CLEAN_PIPELINE RB_CLEANUP(rb_pipeline_cleanup) struct rb_pipeline

static struct rb_pipeline *read_good(const char *path)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 16);
    struct rb_pipeline *pipeline = NULL;
    struct rb_err err;
    int status = rb_pipeline_read(path, &pipeline, &diagnostics, &err);
    rb_diagnostics_print(&diagnostics, &text);
    if (status != 0)
        fail_msg("%s\n%s", err.text, rb_strbuf_text(&text));
    return pipeline;
}

static void assert_texts(const char *const *texts, const char *joined)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(4096);
    for (size_t i = 0; texts[i] != NULL; i++)
        rb_strbuf_printf(&text, "%s%s", i == 0 ? "" : " | ", texts[i]);
    assert_string_equal(rb_strbuf_text(&text), joined);
}

static void defaults_are_filled_in(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("storefront.yaml"));
    assert_string_equal(pipeline->name, "storefront");
    assert_int_equal(pipeline->source_count, 3);
    assert_int_equal(pipeline->image_count, 2);

    const struct rb_source *code = &pipeline->sources[0];
    assert_int_equal(code->kind, RB_SOURCE_GIT);
    assert_int_equal(code->every_ms, 60000);
    assert_string_equal(code->git.url, "https://git.example.com/shop/storefront.git");
    assert_string_equal(code->git.branch, "main");
    assert_int_equal(code->place.line, 5);
    assert_int_equal(code->place.column, 3);

    const struct rb_source *security = rb_pipeline_source(pipeline, "security");
    assert_int_equal(security->kind, RB_SOURCE_APT);
    assert_string_equal(security->apt.url, "https://mirror.example.com/debian-security");
    assert_non_null(security->apt.architectures[0]);
    assert_null(security->apt.architectures[1]);

    const struct rb_image *app = rb_pipeline_image(pipeline, "app");
    const struct rb_image *runtime = rb_pipeline_image(pipeline, "runtime");
    assert_ptr_equal(runtime, &pipeline->images[0]); /* a base stands before its children */
    assert_ptr_equal(app->from_image, runtime);
    assert_null(app->from_source);
    assert_ptr_equal(runtime->from_source, rb_pipeline_source(pipeline, "debian"));
    assert_ptr_equal(app->context_source, code);
    assert_string_equal(app->context_path, ".");
    assert_string_equal(runtime->context_path, "docker/runtime");
    assert_string_equal(app->recipe_file, "Containerfile");
    assert_string_equal(app->builder, "buildah");
    assert_null(app->packages[0]);
    assert_ptr_equal(runtime->packages[0], security);
    assert_int_equal(app->timeout_ms, 30 * 60 * 1000);
    assert_int_equal(app->settle_ms, 0);
    assert_int_equal(app->at_most_ms, 0);
    assert_int_equal(app->argument_count, 0);

    assert_int_equal(pipeline->deployment_count, 1);
    const struct rb_deployment *production = &pipeline->deployments[0];
    assert_ptr_equal(production->image, app);
    assert_string_equal(production->podman.container, "storefront-production");
    assert_null(production->podman.network);
    assert_texts(production->podman.drop, "all");
    assert_texts(production->podman.add, "");
    assert_texts(production->podman.command, "");
    assert_false(production->podman.read_only);
    assert_null(production->health_command);
    assert_int_equal(production->health_within_ms, 30000);
    assert_int_equal(production->observe_every_ms, 5 * 60 * 1000);
    assert_true(production->heal);
    assert_texts(production->ignore, "");
    assert_null(rb_pipeline_image(pipeline, "debian"));
    assert_null(rb_pipeline_source(pipeline, "app"));
}

static void every_key_reaches_the_model(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("everything.yaml"));
    assert_string_equal(pipeline->name, "every.thing_1");
    assert_string_equal(rb_pipeline_source(pipeline, "code")->git.branch, "1.0");
    assert_int_equal(rb_pipeline_source(pipeline, "code")->every_ms, 30000);
    assert_string_equal(rb_pipeline_source(pipeline, "short")->image.repository,
                        "docker.io/library/debian");
    assert_string_equal(rb_pipeline_source(pipeline, "short")->image.tag, "12");
    assert_string_equal(rb_pipeline_source(pipeline, "own")->image.repository,
                        "localhost:5000/base/debian");
    assert_int_equal(rb_pipeline_source(pipeline, "own")->every_ms, 90 * 60 * 1000);
    const struct rb_source *archive = rb_pipeline_source(pipeline, "archive");
    assert_texts(archive->apt.components, "main | non-free-firmware");
    assert_texts(archive->apt.architectures, "arm64 | all");
    assert_string_equal(archive->apt.suite, "bookworm/updates");
    assert_string_equal(archive->apt.signed_by, "/etc/keys/archive.asc");

    const struct rb_image *base = rb_pipeline_image(pipeline, "base");
    assert_string_equal(base->recipe_file, "docker/Containerfile.base");
    assert_string_equal(base->packages[0]->name, "other");
    assert_string_equal(base->packages[1]->name, "archive");
    assert_null(base->packages[2]);
    assert_int_equal(base->argument_count, 4);
    assert_string_equal(base->arguments[0].name, "DEBUG");
    assert_string_equal(base->arguments[0].value, "true");
    assert_string_equal(base->arguments[1].value, "");
    assert_string_equal(base->arguments[3].name, "_LEVEL2");
    assert_string_equal(base->arguments[3].value, "1.20"); /* as it is written, not 1.2 */
    assert_int_equal(base->timeout_ms, 60 * 60 * 1000);
    assert_int_equal(base->settle_ms, 90000);
    assert_int_equal(base->at_most_ms, 1800000);
    assert_int_equal(base->retry_unresolved_ms, 7 * 86400 * 1000);
    assert_string_equal(base->rebuild_on, RB_REBUILD_ON_ADVISORY);
    assert_string_equal(rb_pipeline_image(pipeline, "top")->context_path, "right"); /* an alias */

    const struct rb_podman_target *podman = &pipeline->deployments[0].podman;
    assert_string_equal(podman->container, "shop");
    assert_string_equal(podman->network, "bridge");
    assert_texts(podman->ports, "8080:80 | 127.0.0.1:8443:443/tcp | [::1]::53/udp | 9000-9010 | "
                                "5353:53/udp");
    assert_texts(podman->environment, "A=007 | SHOP_LANG=de | SHOP_MODE=production");
    assert_texts(podman->volumes, "data:/var/lib/shop | /etc/shop:/etc/shop:ro,Z");
    assert_texts(podman->command, "/usr/bin/shop | --serve | --serve | ");
    assert_true(podman->read_only);
    assert_texts(podman->drop, "net_raw | mknod");
    assert_texts(podman->add, "net_bind_service");
    assert_texts(pipeline->deployments[0].health_command, "/bin/true");
    assert_int_equal(pipeline->deployments[0].health_within_ms, 60000);
    assert_int_equal(pipeline->deployments[0].observe_every_ms, 10000);
    assert_false(pipeline->deployments[0].heal);
    assert_texts(pipeline->deployments[0].ignore, "/var/log/** | /tmp/*");
    assert_string_equal(pipeline->deployments[1].podman.container, "every.thing_1-second");
}

static void an_apt_source_may_be_flat_or_of_a_named_release(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("apt-sources.yaml"));
    const struct rb_source *moving = rb_pipeline_source(pipeline, "moving");
    const struct rb_source *flat = rb_pipeline_source(pipeline, "flat-below");
    RB_CLEANUP_JSON json_t *spec = rb_source_spec(flat);
    struct rb_source *again = NULL;
    assert_string_equal(moving->apt.codename, "trixie");
    assert_string_equal(flat->apt.suite, "./a/b/");
    assert_null(flat->apt.components);
    assert_int_equal(rb_source_from_spec(spec, &again, NULL), 0);
    RB_CLEANUP_FREE char *description = rb_source_describe(again);
    assert_string_equal(description, "https://mirror.example.com/own ./a/b/");
    rb_source_free(again);
}

static void images_stand_in_dependency_order(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("everything.yaml"));
    for (size_t i = 0; i < pipeline->image_count; i++) {
        const struct rb_image *image = &pipeline->images[i];
        assert_true((image->from_image == NULL) != (image->from_source == NULL));
        if (image->from_image != NULL)
            assert_true(image->from_image < image);
    }
}

static void a_long_chain_upside_down_is_ordered(void **state)
{
    (void)state;
    enum { LENGTH = 8000 };
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 20);
    rb_strbuf_puts(&text, "apiVersion: rebake/v1\npipeline: chain\nsources:\n"
                          "  b: { image: debian, tag: t }\n"
                          "  s: { git: 'file:///g', branch: b }\nimages:\n");
    for (int i = LENGTH - 1; i > 0; i--)
        rb_strbuf_printf(&text, "  i%d: { from: i%d, context: { source: s }, push: r.io/i%d }\n", i,
                         i - 1, i);
    rb_strbuf_puts(&text, "  i0: { from: b, context: { source: s }, push: r.io/i0 }\n");
    CLEAN_PIPELINE *pipeline = NULL;
    struct rb_err err;
    if (rb_pipeline_parse(text.data, text.size, "chain.yaml", &pipeline, &diagnostics, &err) != 0)
        fail_msg("%s: %s", err.text, diagnostics.items[0].message);
    assert_int_equal(pipeline->image_count, LENGTH);
    for (size_t i = 1; i < LENGTH; i++)
        assert_ptr_equal(pipeline->images[i].from_image, &pipeline->images[i - 1]);
    rb_strbuf_clear(&text); /* the tree of such a chain is larger than the buffer may become */
    assert_int_equal(rb_pipeline_graph(pipeline, "text", &text, &err), RB_ELIMIT);
}

static void a_spec_and_back_is_the_same_source(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("everything.yaml"));
    for (size_t i = 0; i < pipeline->source_count; i++) {
        RB_CLEANUP_JSON json_t *spec = rb_source_spec(&pipeline->sources[i]);
        struct rb_source *source = NULL;
        struct rb_err err;
        assert_int_equal(rb_source_from_spec(spec, &source, &err), 0);
        assert_string_equal(source->name, "");
        assert_int_equal(source->every_ms, 0);
        RB_CLEANUP_JSON json_t *again = rb_source_spec(source);
        assert_true(json_equal(spec, again));
        RB_CLEANUP_FREE char *description = rb_source_describe(source);
        RB_CLEANUP_FREE char *expected = rb_source_describe(&pipeline->sources[i]);
        assert_string_equal(description, expected);
        rb_source_free(source);
    }
    RB_CLEANUP_FREE char *described = rb_source_describe(rb_pipeline_source(pipeline, "archive"));
    assert_string_equal(described,
                        "http://[2001:db8::1]:8080/debian bookworm/updates main non-free-firmware");
}

static void a_pipeline_may_bring_others_instead_of_images(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("fleet.yaml"));
    const struct rb_source *fleet = rb_pipeline_source(pipeline, "fleet");
    assert_int_equal(pipeline->image_count, 0);
    assert_int_equal(fleet->kind, RB_SOURCE_PIPELINE);
    assert_true(rb_source_is_git(fleet));
    assert_string_equal(fleet->git.path, ".");
    RB_CLEANUP_FREE char *described = rb_source_describe(fleet);
    assert_string_equal(described, "https://git.example.com/fleet.git branch main");

    CLEAN_PIPELINE *everything = read_good(GOOD("everything.yaml"));
    fleet = rb_pipeline_source(everything, "fleet");
    assert_string_equal(fleet->git.path, "pipelines");
    assert_string_equal(fleet->git.allowed_signers, "/etc/rebake/allowed_signers");
    assert_true(fleet->every_ms == 2 * 60 * 1000);
    assert_false(rb_source_is_git(rb_pipeline_source(everything, "short")));
    RB_CLEANUP_FREE char *with_folder = rb_source_describe(fleet);
    assert_string_equal(with_folder,
                        "https://git.example.com/fleet.git branch main folder pipelines");
}

static void a_source_has_the_host_that_is_asked(void **state)
{
    (void)state;
    static const struct {
        struct rb_source source;
        const char *host;
    } cases[] = {
        {{.kind = RB_SOURCE_GIT, .git.url = "https://git.example.com/shop.git"}, "git.example.com"},
        {{.kind = RB_SOURCE_GIT, .git.url = "ssh://git@Git.Example.com:2222/shop"},
         "git.example.com:2222"},
        {{.kind = RB_SOURCE_GIT, .git.url = "file:///srv/shop.git"}, "localhost"},
        {{.kind = RB_SOURCE_PIPELINE, .git.url = "https://git.example.com/fleet.git"},
         "git.example.com"},
        {{.kind = RB_SOURCE_IMAGE, .image.repository = "docker.io/library/debian"}, "docker.io"},
        {{.kind = RB_SOURCE_IMAGE, .image.repository = "localhost:5000/base"}, "localhost:5000"},
        {{.kind = RB_SOURCE_APT, .apt.url = "http://[2001:db8::1]:8080/debian"},
         "[2001:db8::1]:8080"},
        {{.kind = RB_SOURCE_APT, .apt.url = "https://deb.example.com"}, "deb.example.com"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *host = rb_source_host(&cases[i].source);
        assert_string_equal(host, cases[i].host);
    }
}

static void a_bad_spec_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *spec;
        const char *error;
    } cases[] = {
        {"{}", "source: \"kind\" is missing"},
        {"{\"kind\": \"gopher\"}", "source: \"gopher\" is not a kind of source"},
        {"{\"kind\": \"git\", \"url\": 1}", "source: \"url\" is not a string"},
        {"{\"kind\": \"apt\", \"url\": \"u\", \"suite\": \"s\", \"components\": [1]}",
         "source: \"components\" is not a list of texts"},
        {"{\"kind\": \"apt\", \"url\": \"u\", \"suite\": \"s\", \"components\": []}",
         "source: \"components\" is not a list of texts"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_JSON json_t *spec = NULL;
        struct rb_source *source = NULL;
        struct rb_err err;
        assert_int_equal(rb_json_parse(cases[i].spec, strlen(cases[i].spec), "spec", &spec, &err),
                         0);
        assert_int_equal(rb_source_from_spec(spec, &source, &err), RB_EINVALID);
        assert_null(source);
        assert_string_equal(err.text, cases[i].error);
    }
}

static void a_lock_holds_every_input(void **state)
{
    (void)state;
    CLEAN_PIPELINE *pipeline = read_good(GOOD("storefront.yaml"));
    const struct rb_image *runtime = rb_pipeline_image(pipeline, "runtime");
    const char *const releases[] = {"abc", NULL};
    struct rb_lock_inputs inputs = {.base_reference = "docker.io/library/debian",
                                    .base_digest = "sha256:1",
                                    .commit = "c0",
                                    .tree = "t0",
                                    .release_hashes = releases};
    RB_CLEANUP_JSON json_t *lock = rb_lock_make(runtime, &inputs);
    RB_CLEANUP_FREE char *text = rb_json_canonical(lock);
    RB_CLEANUP_FREE char *expected = rb_asprintf(
        "{\"base\":{\"digest\":\"sha256:1\",\"reference\":\"docker.io/library/debian\"},"
        "\"builder\":\"buildah\",\"code\":{\"branch\":\"main\",\"commit\":\"c0\","
        "\"path\":\"docker/runtime\",\"tree\":\"t0\","
        "\"url\":\"https://git.example.com/shop/storefront.git\"},\"recipe\":\"%s\","
        "\"repositories\":[{\"components\":[\"main\"],\"kind\":\"apt\",\"name\":\"security\","
        "\"release\":\"abc\","
        "\"signed-by\":\"/usr/share/keyrings/debian-archive-keyring.gpg\","
        "\"suite\":\"bookworm-security\","
        "\"url\":\"https://mirror.example.com/debian-security\"}]}",
        runtime->recipe_hash);
    assert_string_equal(text, expected);

    char hash[RB_SHA256_HEX_SIZE], same[RB_SHA256_HEX_SIZE], other[RB_SHA256_HEX_SIZE];
    rb_lock_hash(lock, hash);
    RB_CLEANUP_JSON json_t *again = rb_lock_make(runtime, &inputs);
    assert_string_equal(rb_lock_hash(again, same), hash);
    inputs.tree = "t1";
    RB_CLEANUP_JSON json_t *moved = rb_lock_make(runtime, &inputs);
    assert_string_not_equal(rb_lock_hash(moved, other), hash);
}

static void a_pipeline_says_who_decides(void **state)
{
    (void)state;
    CLEAN_PIPELINE *everything = read_good(GOOD("everything.yaml"));
    CLEAN_PIPELINE *file = read_good(GOOD("policy-file.yaml"));
    CLEAN_PIPELINE *builtin = read_good(GOOD("policy-builtin.yaml"));
    CLEAN_PIPELINE *url = read_good(GOOD("policy-url.yaml"));
    CLEAN_PIPELINE *nobody = read_good(GOOD("storefront.yaml"));
    assert_string_equal(everything->policy->urls[1],
                        "http://127.0.0.1:8181/v1/data/rebake/decision");
    assert_null(everything->policy->urls[2]);
    assert_int_equal(everything->policy->timeout_ms, 500);
    assert_string_equal(everything->policy->bearer, "opa");
    assert_string_equal(file->policy->file, "policies/shop.yaml");
    assert_null(file->policy->urls);
    assert_string_equal(builtin->policy->builtin, "regulated");
    assert_string_equal(url->policy->urls[0], "https://opa.example.com/v1/data/rebake/decision");
    assert_null(url->policy->urls[1]);
    assert_int_equal(url->policy->timeout_ms, 2000);
    assert_null(url->policy->bearer);
    assert_null(nobody->policy);
}

static void a_policy_beside_pipelines_is_none(void **state)
{
    (void)state;
    static const char policy[] = "apiVersion: rebake/v1\npolicy: shop\nrules: {}\n";
    static const char pipeline[] =
        "apiVersion: rebake/v1\npipeline: shop\npolicy: { builtin: edge }\n";
    static const char cases[] = "policy-test: policy.yaml\ncases: {}\n";
    assert_true(rb_pipeline_is_other(policy, strlen(policy)));
    assert_true(rb_pipeline_is_other(cases, strlen(cases)));
    assert_false(rb_pipeline_is_other(pipeline, strlen(pipeline)));
    assert_false(rb_pipeline_is_other("policy: {", strlen("policy: {")));
    assert_false(rb_pipeline_is_other("[policy]", strlen("[policy]")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_filled_in),
        cmocka_unit_test(every_key_reaches_the_model),
        cmocka_unit_test(an_apt_source_may_be_flat_or_of_a_named_release),
        cmocka_unit_test(images_stand_in_dependency_order),
        cmocka_unit_test(a_long_chain_upside_down_is_ordered),
        cmocka_unit_test(a_spec_and_back_is_the_same_source),
        cmocka_unit_test(a_pipeline_may_bring_others_instead_of_images),
        cmocka_unit_test(a_source_has_the_host_that_is_asked),
        cmocka_unit_test(a_bad_spec_is_refused),
        cmocka_unit_test(a_lock_holds_every_input),
        cmocka_unit_test(a_pipeline_says_who_decides),
        cmocka_unit_test(a_policy_beside_pipelines_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
