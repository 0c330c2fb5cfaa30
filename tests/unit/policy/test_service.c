/* SPDX-License-Identifier: Apache-2.0 */
/* The whole server in this process, but for its worker, asked by the client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/policy/client.h"
#include "rebake/policy/policy.h"
#include "rebake/policy/service.h"

enum { MANY = 12 };

struct world {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_policy_client *client;
    struct rb_policy_service *service;
    struct rb_strbuf diagnostics;
    struct rb_err err;
    char folder[40];
    char *socket_path, *policy_path;
    int64_t timeout_ms;
    int answers, decisions;
    json_t *result; /* of the last answer; NULL: none */
    char error[RB_ERR_TEXT_SIZE];
    char died[64];
};

static const char NIGHTS[] =
    "apiVersion: rebake/v1\n"
    "policy: nights\n"
    "windows:\n"
    "  night: { timezone: Europe/Berlin, recurrence: \"FREQ=DAILY\", start: \"22:00\", for: 6h }\n"
    "rules:\n"
    "  by-night: { outside: night, decide: hold }\n"
    "  then: { decide: allow }\n";

static const char LOOP[] = "apiVersion: rebake/v1\n"
                           "policy: loop\n"
                           "rules:\n"
                           "  around: { when: \"[range(1e12)] == []\", decide: refuse }\n"
                           "  rest: { decide: allow }\n";

static void write_policy(const struct world *world, const char *text)
{
    assert_int_equal(rb_file_write_atomic(world->policy_path, text, strlen(text), 0600, NULL), 0);
}

static void died(void *context, const char *rule, const struct rb_err *cause)
{
    struct world *world = context;
    assert_non_null(cause);
    (void)snprintf(world->died, sizeof(world->died), "%s", rule);
}

static int start(struct world *world, const char *const *policies)
{
    const struct rb_policy_service_options options = {.loop = world->loop,
                                                      .socket_path = world->socket_path,
                                                      .policies = policies,
                                                      .timeout_ms = world->timeout_ms,
                                                      .died = died,
                                                      .context = world};
    return rb_policy_service_start(&options, &world->service, &world->diagnostics, &world->err);
}

static void answered(void *context, const struct rb_policy_answer *answer,
                     const struct rb_err *error)
{
    struct world *world = context;
    world->answers++;
    world->result = answer == NULL ? NULL : json_deep_copy(answer->json);
    (void)snprintf(world->error, sizeof(world->error), "%s", error == NULL ? "" : error->text);
}

/* The name of the rule that decided; "" without an answer. */
static const char *ask(struct world *world, const json_t *input)
{
    int before = world->answers;
    json_decref(rb_steal(&world->result));
    rb_policy_ask(world->client, input, answered, world, NULL);
    while (world->answers == before)
        rb_loop_run_once(world->loop);
    return rb_json_get_string(world->result, "rule", "");
}

static json_t *make_input(const char *pipeline, const char *now)
{
    json_t *input = rb_json_object();
    rb_json_set_string(input, "subject", "rebuild");
    rb_json_set_string(input, "now", now);
    rb_json_set_string(input, "pipeline", pipeline);
    return input;
}

static const char *ask_for(struct world *world, const char *pipeline)
{
    RB_CLEANUP_JSON json_t *input = make_input(pipeline, "2026-11-27T12:00:00Z");
    return ask(world, input);
}

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    world->loop = rb_loop_new();
    world->http = rb_http_new(world->loop);
    world->diagnostics = RB_STRBUF_INIT(1 << 16);
    world->timeout_ms = 300;
    (void)snprintf(world->folder, sizeof(world->folder), "/tmp/policy-service-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->socket_path = rb_asprintf("%s/policy.sock", world->folder);
    world->policy_path = rb_asprintf("%s/policy.yaml", world->folder);
    const char *const endpoints[] = {world->socket_path, NULL};
    const struct rb_policy_client_options client = {.endpoints = endpoints};
    world->client = rb_policy_client_new(world->loop, world->http, &client);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    rb_policy_service_stop(world->service);
    assert_false(rb_file_exists(world->socket_path));
    rb_policy_client_free(world->client);
    rb_http_free(world->http);
    rb_loop_free(world->loop);
    json_decref(world->result);
    assert_int_equal(rb_tree_remove(world->folder, NULL), 0);
    rb_strbuf_deinit(&world->diagnostics);
    rb_free(world->socket_path);
    rb_free(world->policy_path);
    rb_free(world);
    return 0;
}

static void each_pipeline_has_its_policy(void **state)
{
    struct world *world = *state;
    RB_CLEANUP_FREE char *own = rb_asprintf("shop=%s", world->policy_path);
    const char *const policies[] = {own, "builtin:edge", "bank=builtin:regulated", NULL};
    const char *const alone[] = {own, NULL};
    write_policy(world, NIGHTS);
    assert_int_equal(start(world, policies), 0);
    assert_string_equal(ask_for(world, "shop"), "by-night");
    assert_string_equal(ask_for(world, "bank"), "approved-build");
    assert_string_not_equal(ask_for(world, "other"), "");
    rb_policy_service_stop(rb_steal(&world->service));
    assert_int_equal(start(world, alone), 0);
    assert_string_equal(ask_for(world, "shop"), "by-night");
    assert_string_equal(ask_for(world, "other"), "");
    assert_non_null(strstr(world->error, "no result"));
}

/* The worker can open no file: it must have read the time zone's before. */
static void windows_keep_their_time_zone(void **state)
{
    static const char *const TIMES[] = {"2026-11-27T20:30:00Z", "2026-11-27T21:30:00Z",
                                        "2026-07-01T20:30:00Z", "2026-07-01T19:30:00Z",
                                        "2040-01-01T21:30:00Z"};
    struct world *world = *state;
    struct rb_diagnostics diagnostics = {0};
    struct rb_policy *policy = NULL;
    const char *const policies[] = {world->policy_path, NULL};
    write_policy(world, NIGHTS);
    assert_int_equal(start(world, policies), 0);
    for (size_t i = 0; i < RB_COUNT_OF(TIMES); i++) {
        RB_CLEANUP_JSON json_t *input = make_input("shop", TIMES[i]);
        (void)ask(world, input);
        RB_CLEANUP_JSON json_t *served = json_incref(world->result);
        RB_CLEANUP_JSON json_t *here = NULL;
        if (policy == NULL)
            assert_int_equal(rb_policy_read(world->policy_path, &policy, &diagnostics, &world->err),
                             0);
        assert_int_equal(rb_policy_decide(policy, input, &here, &world->err), 0);
        if (!json_equal(served, here))
            fail_msg("%s: %s, not %s", TIMES[i], json_dumps(served, 0), json_dumps(here, 0));
    }
    rb_policy_free(policy);
    rb_diagnostics_deinit(&diagnostics);
}

static void a_runaway_rule_is_no_answer(void **state)
{
    struct world *world = *state;
    const char *const policies[] = {world->policy_path, "bank=builtin:regulated", NULL};
    write_policy(world, LOOP);
    assert_int_equal(start(world, policies), 0);
    assert_string_equal(ask_for(world, "shop"), "");
    assert_non_null(strstr(world->error, "rule \"around\" did not end within"));
    assert_string_equal(world->died, "around");
    assert_string_equal(ask_for(world, "bank"), "approved-build");
}

/* jq has ways to look at its surroundings and to speak to them: they lead nowhere. */
static void rules_see_nothing_but_their_input(void **state)
{
    static const char *const WHENS[] = {"(env | length) == 0",
                                        "($ENV | length) == 0",
                                        "[inputs] == []",
                                        "(.subject | stderr) == .subject",
                                        "(.subject | debug) == .subject",
                                        "input_filename == null"};
    struct world *world = *state;
    const char *const policies[] = {world->policy_path, NULL};
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(1 << 16);
    rb_strbuf_puts(&text, "apiVersion: rebake/v1\npolicy: curious\nrules:\n");
    for (size_t i = 0; i < RB_COUNT_OF(WHENS); i++)
        rb_strbuf_printf(&text, "  r%zu: { when: '%s', set: { priority: 1 } }\n", i, WHENS[i]);
    rb_strbuf_puts(&text, "  rest: { decide: allow }\n");
    write_policy(world, rb_strbuf_text(&text));
    assert_int_equal(start(world, policies), 0);
    assert_string_equal(ask_for(world, "shop"), "rest");
    assert_int_equal(json_array_size(json_object_get(world->result, "rules")),
                     RB_COUNT_OF(WHENS) + 1);
}

static void count(void *context, const struct rb_policy_answer *answer, const struct rb_err *error)
{
    struct world *world = context;
    (void)error;
    world->answers++;
    world->decisions += answer != NULL;
}

/* One server is for many pipelines. */
static void a_runaway_policy_holds_up_no_other(void **state)
{
    struct world *world = *state;
    const char *const policies[] = {world->policy_path, "bank=builtin:regulated", NULL};
    RB_CLEANUP_JSON json_t *runaway = make_input("shop", "2026-11-27T12:00:00Z");
    RB_CLEANUP_JSON json_t *good = make_input("bank", "2026-11-27T12:00:00Z");
    write_policy(world, LOOP);
    world->timeout_ms = 40;
    assert_int_equal(start(world, policies), 0);
    for (int i = 0; i < MANY; i++) {
        rb_policy_ask(world->client, runaway, count, world, NULL);
        rb_policy_ask(world->client, good, count, world, NULL);
    }
    while (world->answers < 2 * MANY)
        rb_loop_run_once(world->loop);
    assert_int_equal(world->decisions, MANY);
}

static void a_broken_file_keeps_the_old_policies(void **state)
{
    struct world *world = *state;
    const char *const policies[] = {world->policy_path, NULL};
    write_policy(world, "policy: [");
    assert_int_not_equal(start(world, policies), 0);
    assert_non_null(strstr(rb_strbuf_text(&world->diagnostics), "policy.yaml:2:1: "));
    assert_null(world->service);
    write_policy(world, NIGHTS);
    assert_int_equal(start(world, policies), 0);
    write_policy(world, "apiVersion: rebake/v1\npolicy: broken\nrules: 7\n");
    rb_strbuf_clear(&world->diagnostics);
    assert_int_equal(rb_policy_service_reload(world->service, &world->diagnostics, &world->err),
                     RB_EINVALID);
    assert_non_null(strstr(rb_strbuf_text(&world->diagnostics), "policy.yaml:3:"));
    assert_string_equal(ask_for(world, "shop"), "by-night");
    write_policy(world, "apiVersion: rebake/v1\npolicy: new\nrules:\n  new: { decide: refuse }\n");
    assert_int_equal(rb_policy_service_reload(world->service, &world->diagnostics, &world->err), 0);
    assert_string_equal(ask_for(world, "shop"), "new");
}

static void what_cannot_be_served_is_told(void **state)
{
    struct world *world = *state;
    static const char *const twice[] = {"a=builtin:edge", "a=builtin:baseline", NULL},
                             *const unknown[] = {"builtin:strict", NULL},
                             *const missing[] = {"/nonexistent/policy.yaml", NULL},
                             *const good[] = {"builtin:baseline", NULL};
    assert_int_equal(start(world, twice), RB_EINVALID);
    assert_non_null(strstr(world->err.text, "pipeline a"));
    assert_int_equal(start(world, unknown), RB_ENOTFOUND);
    assert_int_not_equal(start(world, missing), 0);
    assert_int_equal(start(world, good), 0);
    struct rb_policy_service *first = rb_steal(&world->service);
    assert_int_equal(start(world, good), RB_EEXIST);
    assert_non_null(strstr(world->err.text, "another program answers"));
    world->service = first;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_pipeline_has_its_policy, setup, teardown),
        cmocka_unit_test_setup_teardown(windows_keep_their_time_zone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_runaway_rule_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(rules_see_nothing_but_their_input, setup, teardown),
        cmocka_unit_test_setup_teardown(a_runaway_policy_holds_up_no_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_broken_file_keeps_the_old_policies, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_served_is_told, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
