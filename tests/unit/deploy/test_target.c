/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/deploy/deploy.h"

static const char *const NONE[] = {NULL};
static const char *const ALL[] = {"all", NULL};
static const char *const BIND[] = {"net_bind_service", NULL};
static const char *const PORTS[] = {"8080:80", NULL};
static const char *const ENVIRONMENT[] = {"A=1", "B=\"x\" y", NULL};
static const char *const VOLUMES[] = {"/srv/data:/data:ro", NULL};
static const char *const COMMAND[] = {"/bin/sh", "-c", "exec serve", NULL};
static const char *const HEALTH[] = {"/bin/check", "--all", NULL};
static const char *const IGNORE[] = {"/var/log/**", NULL};

static void test_model_to_spec(void **state)
{
    (void)state;
    const struct rb_deployment deployment = {.name = "production",
                                             .podman = {.container = "shop-production",
                                                        .network = "host",
                                                        .ports = PORTS,
                                                        .environment = ENVIRONMENT,
                                                        .volumes = VOLUMES,
                                                        .command = COMMAND,
                                                        .read_only = true,
                                                        .drop = ALL,
                                                        .add = BIND},
                                             .health_command = HEALTH,
                                             .health_within_ms = 30000,
                                             .ignore = IGNORE};
    RB_CLEANUP_JSON json_t *spec = rb_deploy_target_spec(&deployment);
    RB_CLEANUP_JSON json_t *wanted =
        parse_text("{\"podman\": {\"container\": \"shop-production\", \"network\": \"host\","
                   " \"ports\": [\"8080:80\"], \"environment\": [\"A=1\", \"B=\\\"x\\\" y\"],"
                   " \"volumes\": [\"/srv/data:/data:ro\"], \"command\": [\"/bin/sh\", \"-c\", "
                   "\"exec serve\"],"
                   " \"readOnly\": true, \"drop\": [\"all\"], \"add\": [\"net_bind_service\"]},"
                   " \"health\": {\"command\": [\"/bin/check\", \"--all\"], \"withinSeconds\": 30},"
                   " \"ignore\": [\"/var/log/**\"]}");
    assert_true(json_equal(spec, wanted));
}

static void test_bare_model_to_spec(void **state)
{
    (void)state;
    const struct rb_deployment deployment = {.podman = {.container = "x",
                                                        .ports = NONE,
                                                        .environment = NONE,
                                                        .volumes = NONE,
                                                        .command = NONE,
                                                        .drop = ALL,
                                                        .add = NONE},
                                             .health_within_ms = 1500};
    RB_CLEANUP_JSON json_t *spec = rb_deploy_target_spec(&deployment);
    RB_CLEANUP_JSON json_t *wanted = parse_text(
        "{\"podman\": {\"container\": \"x\", \"network\": null, \"ports\": [], \"environment\": [],"
        " \"volumes\": [], \"command\": [], \"readOnly\": false, \"drop\": [\"all\"], \"add\": []},"
        " \"health\": {\"command\": [], \"withinSeconds\": 2}, \"ignore\": []}");
    assert_true(json_equal(spec, wanted));
}

static void test_read(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *spec =
        make_spec(DIGEST_1,
                  "{\"container\": \"shop-production\", \"network\": \"web\", \"ports\": [\"80\"],"
                  " \"readOnly\": true, \"drop\": [\"all\"], \"command\": [\"a\", \"b\"]}",
                  "[\"/tmp/**\"]");
    struct deploy_target target = read_target(spec);
    assert_string_equal(target.deployment, "shop/production");
    assert_string_equal(target.reference, "registry.example.com/shop/app");
    assert_string_equal(target.digest, DIGEST_1);
    assert_string_equal(target.container, "shop-production");
    assert_string_equal(target.network, "web");
    assert_true(target.read_only);
    assert_false(target.force);
    assert_false(target.plain_http);
    assert_int_equal(json_array_size(target.command), 2);
    assert_int_equal(json_array_size(target.volumes), 0);
    assert_int_equal(target.health_within_ms, 5000);
    RB_CLEANUP_FREE char *pinned = deploy_pinned(&target);
    assert_string_equal(pinned, "registry.example.com/shop/app@" DIGEST_1);
}

static void test_loopback_needs_no_tls(void **state)
{
    (void)state;
    static const struct {
        const char *reference;
        bool plain;
    } ROWS[] = {{"127.0.0.1:5000/app", true},
                {"localhost:5000/app", true},
                {"registry.example.com/app", false},
                {"127.0.0.1.example.com/app", false}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, "{\"container\": \"x\"}", "[]");
        rb_json_set_string(spec, "reference", ROWS[i].reference);
        assert_int_equal(read_target(spec).plain_http, ROWS[i].plain);
    }
}

/* Nothing is ever deployed by tag. */
static void test_only_what_is_pinned(void **state)
{
    (void)state;
    static const struct {
        const char *reference;
        const char *digest;
        const char *says;
    } ROWS[] = {
        {"registry.example.com/app:v1", DIGEST_1, "has a tag"},
        {"registry.example.com/app@" DIGEST_1, DIGEST_1, ""},
        {"registry.example.com/app", "latest", "\"latest\" is not a digest"},
        {"registry.example.com/app", "", "is not a digest"},
        {"registry.example.com/app", "sha256:1234", "is not a digest"},
        {"--privileged", DIGEST_1, ""},
        {"", DIGEST_1, ""},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(ROWS[i].digest, "{\"container\": \"x\"}", "[]");
        struct deploy_target target;
        struct rb_err err;
        rb_json_set_string(spec, "reference", ROWS[i].reference);
        if (deploy_read_target(spec, &target, &err) != RB_EINVALID ||
            strstr(err.text, ROWS[i].says) == NULL)
            fail_msg("%s@%s: %s", ROWS[i].reference, ROWS[i].digest, err.text);
    }
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *podman;
        const char *says;
    } ROWS[] = {
        {"[]", "\"target\" holds no \"podman\""},
        {"{}", "\"container\" is missing"},
        {"{\"container\": 5}", "\"container\" is not a string"},
        {"{\"container\": \"\"}", "is not a name of a container"},
        {"{\"container\": \"-rf\"}", "\"-rf\" is not a name of a container"},
        {"{\"container\": \"a b\"}", "\"a b\" is not a name of a container"},
        {"{\"container\": \"a|b\"}", "is not a name of a container"},
        {"{\"container\": \"x\", \"ports\": \"80\"}", "\"ports\" is not a list"},
        {"{\"container\": \"x\", \"add\": [1]}", "\"add\" holds what is not a text"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, ROWS[i].podman, "[]");
        struct deploy_target target;
        struct rb_err err = {.text = ""};
        if (deploy_read_target(spec, &target, &err) != RB_EINVALID ||
            strstr(err.text, ROWS[i].says) == NULL)
            fail_msg("%s: %s", ROWS[i].podman, err.text);
    }
}

/* What only says how it is watched needs no new container. */
static void test_hash_is_of_the_container(void **state)
{
    (void)state;
    static const char PODMAN[] = "{\"container\": \"x\", \"drop\": [\"all\"]}";
    static const char SAME[] = "{\"drop\": [\"all\"], \"container\": \"x\"}";
    static const char OTHER[] = "{\"container\": \"x\", \"drop\": []}";
    RB_CLEANUP_JSON json_t *first = make_spec(DIGEST_1, PODMAN, "[]");
    RB_CLEANUP_JSON json_t *watched = make_spec(DIGEST_2, SAME, "[\"/tmp/**\"]");
    RB_CLEANUP_JSON json_t *other = make_spec(DIGEST_1, OTHER, "[]");
    struct deploy_target target = read_target(first);
    assert_string_equal(read_target(watched).spec_hash, target.spec_hash);
    assert_string_not_equal(read_target(other).spec_hash, target.spec_hash);
    assert_int_equal(strlen(target.spec_hash), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_to_spec),
        cmocka_unit_test(test_bare_model_to_spec),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_loopback_needs_no_tls),
        cmocka_unit_test(test_only_what_is_pinned),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_hash_is_of_the_container),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
