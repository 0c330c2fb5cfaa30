/* SPDX-License-Identifier: Apache-2.0 */
/* The supervisor, with this program itself as the server that it starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "front.h"
#include "rebake/base/memory.h"
#include "rebake/loop/signal.h"
#include "rebake/policy/client.h"
#include "rebake/policy/server.h"
#include "rebake/serve/unix_socket.h"

enum { MEMORY = 64 << 20, TIMEOUT_MS = 2000, ARGUMENTS_MINIMUM = 8 };

/* The server's part. */
struct service {
    struct rb_loop *loop;
    const char *policy; /* what it was started with; "again" after SIGHUP */
    unsigned reads;
    struct worker *worker;
};

static int decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    const struct service *service = context;
    (void)input;
    (void)err;
    *ret_result = rb_json_object();
    rb_json_set_string(*ret_result, "decision", "allow");
    rb_json_set_string(*ret_result, "rule", service->policy);
    return 0;
}

static void stop(void *context)
{
    rb_loop_stop(context);
}

static void reload(void *context)
{
    struct service *service = context;
    const struct worker_policies policies = {.decide = decide, .context = service};
    service->policy = "again";
    service->reads++;
    worker_use(service->worker, &policies);
}

static int serve(const char *socket_path, const char *policy)
{
    struct service service = {.loop = rb_loop_new(), .policy = policy, .reads = 1};
    struct rb_unix_socket socket;
    struct front *front;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    const struct worker_options worker = {.loop = service.loop,
                                          .timeout_ms = TIMEOUT_MS,
                                          .memory_bytes = MEMORY,
                                          .policies = {.decide = decide, .context = &service}};
    struct rb_signal *term = rb_signal_watch(service.loop, SIGTERM, stop, service.loop);
    struct rb_signal *hup = rb_signal_watch(service.loop, SIGHUP, reload, &service);
    if (strcmp(policy, "broken") == 0)
        return 7;
    RB_ASSERT(worker_new(&worker, &service.worker, NULL) == 0);
    RB_ASSERT(rb_unix_socket_listen(socket_path, &socket, NULL) == 0);
    const struct front_options options = {.loop = service.loop,
                                          .fd = socket.fd,
                                          .name = socket_path,
                                          .worker = service.worker,
                                          .reads = &service.reads};
    RB_ASSERT(front_start(&options, &front, NULL) == 0);
    rb_loop_run(service.loop);
    worker_free(service.worker);
    front_stop(front);
    rb_signal_free(term);
    rb_signal_free(hup);
    rb_loop_free(service.loop);
    rb_unix_socket_remove(&socket, socket_path);
    return 0;
}

/* The tests' part. */
struct world {
    struct rb_loop *loop;
    struct rb_http *http;
    struct rb_policy_client *client;
    struct rb_policy_server *server;
    char folder[40];
    char *path;
    char program[200];
    int ready, failed, answers;
    int64_t wait_ms;
    char error[RB_ERR_TEXT_SIZE];
    char rule[RB_ERR_TEXT_SIZE];
};

static void is_ready(void *context)
{
    struct world *world = context;
    world->ready++;
    rb_policy_client_retry(world->client);
}

static void has_failed(void *context, const struct rb_err *error, int64_t wait_ms)
{
    struct world *world = context;
    world->failed++;
    world->wait_ms = wait_ms;
    (void)snprintf(world->error, sizeof(world->error), "%s", error->text);
}

static void start(struct world *world, const char *policy, int64_t check_ms)
{
    const char *const policies[] = {policy, NULL};
    const struct rb_policy_server_options options = {.loop = world->loop,
                                                     .http = world->http,
                                                     .program = world->program,
                                                     .socket_path = world->path,
                                                     .policies = policies,
                                                     .check_ms = check_ms,
                                                     .ready = is_ready,
                                                     .failed = has_failed,
                                                     .context = world};
    world->server = rb_policy_server_start(&options);
}

static void wait_until_ready(struct world *world, int times)
{
    while (world->ready < times)
        rb_loop_run_once(world->loop);
    assert_true(rb_policy_server_is_ready(world->server));
}

static void answered(void *context, const struct rb_policy_answer *answer,
                     const struct rb_err *error)
{
    struct world *world = context;
    world->answers++;
    (void)snprintf(world->rule, sizeof(world->rule), "%s",
                   answer != NULL ? answer->rule : error->text);
}

static const char *ask(struct world *world)
{
    int before = world->answers;
    RB_CLEANUP_JSON json_t *input = rb_json_object();
    rb_policy_ask(world->client, input, answered, world, NULL);
    while (world->answers == before)
        rb_loop_run_once(world->loop);
    return world->rule;
}

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    ssize_t size = readlink("/proc/self/exe", world->program, sizeof(world->program) - 1);
    assert_true(size > 0);
    world->loop = rb_loop_new();
    world->http = rb_http_new(world->loop);
    (void)snprintf(world->folder, sizeof(world->folder), "/tmp/policy-server-XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    world->path = rb_asprintf("%s/policy.sock", world->folder);
    const char *const endpoints[] = {world->path, NULL};
    const struct rb_policy_client_options client = {.endpoints = endpoints};
    world->client = rb_policy_client_new(world->loop, world->http, &client);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    rb_policy_server_stop(world->server);
    rb_policy_client_free(world->client);
    rb_http_free(world->http);
    rb_loop_free(world->loop);
    (void)unlink(world->path);
    assert_int_equal(rmdir(world->folder), 0);
    rb_free(world->path);
    rb_free(world);
    return 0;
}

static void it_is_started_and_answers(void **state)
{
    struct world *world = *state;
    start(world, "one", 0);
    assert_false(rb_policy_server_is_ready(world->server));
    wait_until_ready(world, 1);
    assert_string_equal(ask(world), "one");
    assert_int_equal(world->failed, 0);
}

static void killed_it_is_started_again(void **state)
{
    struct world *world = *state;
    start(world, "one", 0);
    wait_until_ready(world, 1);
    pid_t before = rb_policy_server_pid(world->server);
    assert_int_equal(kill(before, SIGKILL), 0);
    wait_until_ready(world, 2);
    assert_int_equal(world->failed, 1);
    assert_non_null(strstr(world->error, "signal 9"));
    assert_int_not_equal(rb_policy_server_pid(world->server), before);
    assert_string_equal(ask(world), "one");
}

static void one_that_hangs_is_started_again(void **state)
{
    struct world *world = *state;
    start(world, "one", 200);
    wait_until_ready(world, 1);
    assert_int_equal(kill(rb_policy_server_pid(world->server), SIGSTOP), 0);
    wait_until_ready(world, 2);
    assert_non_null(strstr(world->error, "did not answer"));
    assert_string_equal(ask(world), "one");
}

static void one_that_cannot_start_is_tried_ever_more_seldom(void **state)
{
    struct world *world = *state;
    const char *const good[] = {"good", NULL};
    start(world, "broken", 0);
    int64_t waited_ms = 0;
    while (world->failed < 3) {
        rb_loop_run_once(world->loop);
        if (world->wait_ms != waited_ms)
            assert_int_equal(world->wait_ms, waited_ms == 0 ? 100 : 2 * waited_ms);
        waited_ms = world->wait_ms;
    }
    assert_non_null(strstr(world->error, "exit code 7"));
    rb_policy_server_use(world->server, good);
    wait_until_ready(world, 1);
    assert_string_equal(ask(world), "good");
}

static void policies_are_read_again_and_replaced(void **state)
{
    struct world *world = *state;
    const char *const same[] = {"one", NULL}, *const other[] = {"other", NULL},
                      *const more[] = {"other", "more", NULL};
    start(world, "one", 0);
    rb_policy_server_use(world->server, same); /* nothing runs */
    wait_until_ready(world, 1);
    assert_string_equal(ask(world), "one");
    pid_t pid = rb_policy_server_pid(world->server);
    rb_policy_server_use(world->server, same);
    assert_false(rb_policy_server_is_ready(world->server));
    rb_policy_server_use(world->server, same); /* while it does already */
    wait_until_ready(world, 2);
    assert_string_equal(ask(world), "again");
    assert_int_equal(rb_policy_server_pid(world->server), pid);
    rb_policy_server_use(world->server, other);
    assert_false(rb_policy_server_is_ready(world->server));
    wait_until_ready(world, 3);
    assert_string_equal(ask(world), "other");
    rb_policy_server_use(world->server, more);
    wait_until_ready(world, 4);
    assert_string_equal(ask(world), "more");
    assert_int_equal(world->failed, 0);
}

static void one_that_starts_reads_again_once_it_is_ready(void **state)
{
    struct world *world = *state;
    const char *const same[] = {"one", NULL};
    start(world, "one", 0);
    while (rb_policy_server_pid(world->server) == 0)
        rb_loop_run_once(world->loop);
    rb_policy_server_use(world->server, same);
    wait_until_ready(world, 1);
    assert_string_equal(ask(world), "again");
}

static void it_can_be_stopped_at_any_time(void **state)
{
    struct world *world = *state;
    rb_policy_server_stop(NULL);
    start(world, "one", 0);
    rb_policy_server_stop(world->server); /* before it was started */
    start(world, "one", 0);
    while (rb_policy_server_pid(world->server) == 0)
        rb_loop_run_once(world->loop);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_started_and_answers, setup, teardown),
        cmocka_unit_test_setup_teardown(killed_it_is_started_again, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_hangs_is_started_again, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_cannot_start_is_tried_ever_more_seldom, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(policies_are_read_again_and_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(one_that_starts_reads_again_once_it_is_ready, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(it_can_be_stopped_at_any_time, setup, teardown),
    };
    if (argc >= ARGUMENTS_MINIMUM && strcmp(argv[1], "policy") == 0)
        return serve(argv[5], argv[argc - 1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
