/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rebake/base/memory.h"
#include "worker.h"

enum { TIMEOUT_MS = 200, MANY = 30, MEMORY = 64 << 20 };

struct world {
    struct rb_loop *loop;
    struct worker *worker;
    const char *policy; /* which the worker has: its name is in the answers */
    char *rule;         /* in the worker: where the rule is noted */
    size_t rule_size;
    int deaths;
    char rule_of_death[64];
    char cause[RB_ERR_TEXT_SIZE];
};

struct question {
    struct worker_question asked;
    int answers;
    int status;
    char text[1000];
};

/* What a rule of a policy might do. */
static int misbehave(const char *what, struct rb_err *err)
{
    int fd;
    if (strcmp(what, "loop") == 0) {
        for (;;)
            (void)getpid();
    }
    while (strcmp(what, "grow") == 0)
        memset(rb_alloc(1 << 20), 1, 1 << 20);
    if (strcmp(what, "die") == 0)
        (void)raise(SIGKILL);
    if (strcmp(what, "exit") == 0)
        _exit(5);
    if (strcmp(what, "open") == 0) {
        fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
        return rb_err_set(err, RB_EIO, fd < 0 ? "not opened" : "opened");
    }
    if (strcmp(what, "connect") == 0) {
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        return rb_err_set(err, RB_EIO, fd < 0 ? "no socket" : "a socket");
    }
    if (strcmp(what, "fork") == 0) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        return rb_err_set(err, RB_EIO, pid < 0 ? "no child" : "a child");
    }
    if (strcmp(what, "kill") == 0)
        return rb_err_set(err, RB_EIO, kill(getppid(), SIGKILL) < 0 ? "not killed" : "killed");
    if (strcmp(what, "environment") == 0)
        return rb_err_set(err, RB_EIO, getenv("PATH") == NULL ? "empty" : "not empty");
    return rb_err_set(err, RB_EINVALID, "%s", what);
}

static int decide(void *context, const json_t *input, json_t **ret_result, struct rb_err *err)
{
    const struct world *world = context;
    const char *what = rb_json_get_string(input, "do", NULL);
    (void)snprintf(world->rule, world->rule_size, "%s", rb_json_get_string(input, "rule", ""));
    if (what != NULL)
        return misbehave(what, err);
    *ret_result = rb_json_object();
    rb_json_set_string(*ret_result, "decision", world->policy);
    return 0;
}

static void note_rules(void *context, char *where, size_t size)
{
    struct world *world = context;
    world->rule = where;
    world->rule_size = size;
}

static void died(void *context, const char *rule, const struct rb_err *cause)
{
    struct world *world = context;
    world->deaths++;
    (void)snprintf(world->rule_of_death, sizeof(world->rule_of_death), "%s", rule);
    (void)snprintf(world->cause, sizeof(world->cause), "%s", cause->text);
}

static void answered(struct worker_question *asked, struct opa_reply *reply)
{
    struct question *question = rb_container_of(asked, struct question, asked);
    question->answers++;
    question->status = reply->status;
    (void)snprintf(question->text, sizeof(question->text), "%s", reply->text);
    rb_free(reply->text);
}

static void ask(struct world *world, struct question *question, const char *body)
{
    *question = (struct question){.asked = {.done = answered}};
    question->asked.asked = (struct opa_question){
        .document = "/rebake/decision/decision", .body = body, .body_size = strlen(body)};
    worker_ask(world->worker, &question->asked);
}

static void ask_and_wait(struct world *world, struct question *question, const char *body)
{
    ask(world, question, body);
    while (question->answers == 0)
        rb_loop_run_once(world->loop);
    assert_int_equal(question->answers, 1);
}

static int setup(void **state)
{
    struct world *world = rb_zalloc(sizeof(*world));
    struct rb_err err;
    world->loop = rb_loop_new();
    world->policy = "first";
    const struct worker_options options = {
        .loop = world->loop,
        .timeout_ms = TIMEOUT_MS,
        .memory_bytes = MEMORY,
        .policies = {.decide = decide, .note_rules = note_rules, .context = world},
        .died = died,
        .context = world};
    if (worker_new(&options, &world->worker, &err) != 0)
        fail_msg("%s", err.text);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    struct world *world = *state;
    worker_free(world->worker);
    rb_loop_free(world->loop);
    rb_free(world);
    return 0;
}

static void questions_are_answered_in_order(void **state)
{
    struct world *world = *state;
    struct question questions[MANY];
    for (size_t i = 0; i < MANY; i++)
        ask(world, &questions[i], "{\"input\":{}}");
    assert_int_equal(questions[0].answers, 0);
    while (questions[MANY - 1].answers == 0)
        rb_loop_run_once(world->loop);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(questions[i].answers, 1);
        assert_int_equal(questions[i].status, 200);
        assert_non_null(strstr(questions[i].text, "\"result\":\"first\""));
    }
    assert_string_not_equal(questions[0].text, questions[1].text); /* their decision_id */
    assert_int_equal(world->deaths, 0);
}

static void a_question_may_be_large(void **state)
{
    struct world *world = *state;
    struct question question;
    RB_CLEANUP_FREE char *body = rb_asprintf("{\"input\":{\"text\":\"%0*d\"}}", 3 << 20, 0);
    ask_and_wait(world, &question, body);
    assert_int_equal(question.status, 200);
}

/* The rule is named, and what else was asked of it is answered. */
static void a_runaway_rule_is_stopped_by_name(void **state)
{
    static const char RUNAWAY[] = "{\"input\":{\"do\":\"loop\",\"rule\":\"round and round\"}}";
    struct world *world = *state;
    struct question before, runaway, after[MANY];
    ask(world, &before, "{\"input\":{}}");
    ask(world, &runaway, RUNAWAY);
    for (size_t i = 0; i < MANY; i++)
        ask(world, &after[i], "{\"input\":{}}");
    while (after[MANY - 1].answers == 0)
        rb_loop_run_once(world->loop);
    assert_int_equal(before.status, 200);
    assert_int_equal(runaway.answers, 1);
    assert_int_equal(runaway.status, 500);
    assert_non_null(strstr(runaway.text, "eval_cancel_error"));
    assert_non_null(strstr(runaway.text, "rule \\\"round and round\\\" did not end within"));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(after[i].status, 200);
    assert_int_equal(world->deaths, 1);
    assert_string_equal(world->rule_of_death, "round and round");
}

/* One that is stopped uses nothing of the processor: the clock ends it. */
static void a_worker_that_stands_still_is_replaced(void **state)
{
    struct world *world = *state;
    struct question question;
    ask_and_wait(world, &question, "{\"input\":{}}");
    assert_int_equal(kill(worker_pid(world->worker), SIGSTOP), 0);
    ask_and_wait(world, &question, "{\"input\":{}}");
    assert_int_equal(question.status, 500);
    ask_and_wait(world, &question, "{\"input\":{}}");
    assert_int_equal(question.status, 200);
}

static void a_worker_that_dies_is_replaced(void **state)
{
    static const struct {
        const char *body;
        const char *says;
    } cases[] = {
        {"{\"input\":{\"do\":\"die\",\"rule\":\"a\"}}",
         "rule \\\"a\\\" ended its process by signal 9"},
#ifndef __SANITIZE_ADDRESS__ /* which maps the whole address space: no limit is set */
        {"{\"input\":{\"do\":\"grow\",\"rule\":\"b\"}}", "wanted more memory than it may"},
#endif
        {"{\"input\":{\"do\":\"exit\"}}",
         "the evaluation of the policy ended its process with exit"},
    };
    struct world *world = *state;
    struct question question;
    ask_and_wait(world, &question, "{\"input\":{}}");
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        ask_and_wait(world, &question, cases[i].body);
        assert_int_equal(question.status, 500);
        if (strstr(question.text, cases[i].says) == NULL)
            fail_msg("%s", question.text);
        ask_and_wait(world, &question, "{\"input\":{}}");
        assert_int_equal(question.status, 200);
    }
}

static void a_worker_killed_while_it_rests_costs_no_answer(void **state)
{
    struct world *world = *state;
    struct question question;
    ask_and_wait(world, &question, "{\"input\":{}}");
    assert_int_equal(kill(worker_pid(world->worker), SIGKILL), 0);
    ask_and_wait(world, &question, "{\"input\":{}}");
    assert_int_equal(question.status, 200);
    assert_int_equal(world->deaths, 1);
    assert_string_equal(world->rule_of_death, "");
    assert_non_null(strstr(world->cause, "the policy worker ended its process by signal 9"));
}

static void a_worker_can_only_compute(void **state)
{
    static const char *const cases[][2] = {{"open", "not opened"},
                                           {"connect", "no socket"},
                                           {"fork", "no child"},
                                           {"kill", "not killed"},
                                           {"environment", "empty"}};
    struct world *world = *state;
    struct question question;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        RB_CLEANUP_FREE char *body = rb_asprintf("{\"input\":{\"do\":\"%s\"}}", cases[i][0]);
        RB_CLEANUP_FREE char *wanted = rb_asprintf("\"message\":\"%s\"", cases[i][1]);
        ask_and_wait(world, &question, body);
        if (strstr(question.text, wanted) == NULL)
            fail_msg("%s", question.text);
    }
    assert_int_equal(world->deaths, 0);
}

static void other_policies_take_over(void **state)
{
    struct world *world = *state;
    struct question before[MANY], after;
    const struct worker_policies policies = {
        .decide = decide, .note_rules = note_rules, .context = world};
    ask_and_wait(world, &before[0], "{\"input\":{}}");
    world->policy = "second"; /* the running worker has a copy of what was */
    for (size_t i = 0; i < MANY; i++)
        ask(world, &before[i], "{\"input\":{}}");
    worker_use(world->worker, &policies);
    ask_and_wait(world, &after, "{\"input\":{}}");
    assert_non_null(strstr(before[0].text, "first"));
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(before[i].status, 200);
    assert_non_null(strstr(after.text, "second"));
    assert_int_equal(world->deaths, 0);
}

static void questions_that_are_left_are_refused(void **state)
{
    struct world *world = *state;
    struct question questions[MANY];
    for (size_t i = 0; i < MANY; i++)
        ask(world, &questions[i], "{\"input\":{\"do\":\"loop\"}}");
    worker_free(rb_steal(&world->worker));
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(questions[i].answers, 1);
        assert_int_equal(questions[i].status, 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(questions_are_answered_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_question_may_be_large, setup, teardown),
        cmocka_unit_test_setup_teardown(a_runaway_rule_is_stopped_by_name, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_that_stands_still_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_that_dies_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(a_worker_killed_while_it_rests_costs_no_answer, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_worker_can_only_compute, setup, teardown),
        cmocka_unit_test_setup_teardown(other_policies_take_over, setup, teardown),
        cmocka_unit_test_setup_teardown(questions_that_are_left_are_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
