/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "fixture.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

#define PODMAN "{\"container\": \"shop-production\"}"

static void test_recorded_list(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PODMAN, "[]");
    RB_CLEANUP_JSON json_t *list = read_recorded("ps.json");
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
    struct deploy_target target = read_target(spec);
    assert_int_equal(deploy_read_containers(list, &target, &found, NULL), 0);
    assert_string_equal(found.current.id, rb_json_get_string(json_array_get(list, 0), "Id", NULL));
    assert_true(found.current.ours);
    assert_null(found.previous.id);
}

static void test_lists(void **state)
{
    (void)state;
#define OURS  "\"Labels\": {\"io.rebake.deployment\": \"shop/production\"}"
#define OTHER "\"Labels\": {\"io.rebake.deployment\": \"shop/test\"}"
    static const struct {
        const char *list;
        const char *current; /* NULL: none */
        bool current_is_ours;
        const char *previous;
        bool previous_is_ours;
    } ROWS[] = {
        {"[]", NULL, false, NULL, false},
        {"[{\"Id\": \"1\", \"Names\": [\"shop-production\"], " OURS "}]", "1", true, NULL, false},
        {"[{\"Id\": \"1\", \"Names\": [\"shop-production\"], " OTHER "}]", "1", false, NULL, false},
        {"[{\"Id\": \"1\", \"Names\": [\"shop-production\"], \"Labels\": null}]", "1", false, NULL,
         false},
        {"[{\"Id\": \"2\", \"Names\": [\"shop-production-previous-0123456789ab\"], " OURS "},"
         " {\"Id\": \"1\", \"Names\": [\"shop-production\"], " OURS "}]",
         "1", true, "2", true},
        /* A name that only begins so is another's. */
        {"[{\"Id\": \"3\", \"Names\": [\"shop-production-2\"], " OURS "},"
         " {\"Id\": \"4\", \"Names\": [\"my-shop-production\"], " OURS "}]",
         NULL, false, NULL, false},
        {"[{\"Id\": \"5\", \"Names\": [\"x\", \"shop-production\"], " OURS "}]", "5", true, NULL,
         false},
        {"[{\"Id\": \"6\"}, 7, null]", NULL, false, NULL, false},
    };
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PODMAN, "[]");
    struct deploy_target target = read_target(spec);
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
        RB_CLEANUP_JSON json_t *list = parse_text(ROWS[i].list);
        assert_int_equal(deploy_read_containers(list, &target, &found, NULL), 0);
        if (!rb_text_equal(found.current.id, ROWS[i].current) ||
            !rb_text_equal(found.previous.id, ROWS[i].previous) ||
            found.current.ours != ROWS[i].current_is_ours ||
            found.previous.ours != ROWS[i].previous_is_ours)
            fail_msg("%s", ROWS[i].list);
    }
}

static void test_a_container_without_an_id(void **state)
{
    (void)state;
    RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, PODMAN, "[]");
    RB_CLEANUP_JSON json_t *list = parse_text("[{\"Names\": [\"shop-production\"]}]");
    RB_CLEANUP(deploy_containers_deinit) struct deploy_containers found = {0};
    struct deploy_target target = read_target(spec);
    assert_int_equal(deploy_read_containers(list, &target, &found, NULL), RB_EINVALID);
}

static void test_create_arguments(void **state)
{
    (void)state;
    static const struct {
        const char *podman;
        const char *const wanted[16]; /* behind the label of the spec */
    } ROWS[] = {
        {"{\"container\": \"shop-production\", \"drop\": [\"all\"]}",
         {"--cap-drop=all", "registry.example.com/shop/app@" DIGEST_1}},
        {"{\"container\": \"shop-production\", \"network\": \"host\", \"readOnly\": true,"
         " \"ports\": [\"127.0.0.1:8080:80\"], \"environment\": [\"A=b c\", \"D=--rm\"],"
         " \"volumes\": [\"/srv:/srv:ro\"], \"drop\": [\"net_raw\", \"mknod\"], \"add\": "
         "[\"chown\"],"
         " \"command\": [\"/bin/sh\", \"-c\", \"a; b\"]}",
         {"--cap-drop=net_raw", "--cap-drop=mknod", "--cap-add=chown", "--read-only",
          "--network=host", "--publish=127.0.0.1:8080:80", "--env=A=b c", "--env=D=--rm",
          "--volume=/srv:/srv:ro", "registry.example.com/shop/app@" DIGEST_1, "/bin/sh", "-c",
          "a; b"}},
    };
    static const char *const START[] = {"podman",
                                        "create",
                                        "--pull=never",
                                        "--security-opt=no-new-privileges",
                                        "--name=shop-production",
                                        "--label=io.rebake.deployment=shop/production"};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_JSON json_t *spec = make_spec(DIGEST_1, ROWS[i].podman, "[]");
        RB_CLEANUP(rb_strlist_deinit) struct rb_strlist arguments = {0};
        struct deploy_target target = read_target(spec);
        deploy_create_arguments(&target, &arguments);
        size_t at = 0;
        for (; at < RB_COUNT_OF(START); at++)
            assert_string_equal(arguments.items[at], START[at]);
        assert_true(rb_text_starts_with(arguments.items[at], "--label=io.rebake.spec="));
        assert_true(rb_text_ends_with(arguments.items[at++], target.spec_hash));
        for (const char *const *wanted = ROWS[i].wanted; *wanted != NULL; wanted++)
            assert_string_equal(arguments.items[at++], *wanted);
        assert_null(arguments.items[at]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded_list),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_a_container_without_an_id),
        cmocka_unit_test(test_create_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
