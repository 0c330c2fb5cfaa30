/* SPDX-License-Identifier: Apache-2.0 */
/* The local executor, by real runners: started, canceled, killed, let go of and taken up again. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "kinds.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/loop.h"
#include "rebake/loop/process.h"

struct fixture {
    struct rb_loop *loop;
    struct rb_executor *executor;
    char *folder;
    char program[4096];
    struct rb_running_job *job;
    int64_t pid;
    int64_t ticks;
    int reports;
    json_t *result;
};

static void on_done(void *context, const json_t *result)
{
    struct fixture *fixture = context;
    fixture->reports++;
    fixture->result = json_deep_copy(result);
}

static int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    fixture->loop = rb_loop_new();
    fixture->folder = make_folder();
    if (readlink("/proc/self/exe", fixture->program, sizeof(fixture->program) - 1) < 0)
        return -1;
    fixture->executor = rb_executor_new(fixture->loop, fixture->program);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    rb_executor_free(fixture->executor);
    rb_loop_free(fixture->loop);
    json_decref(fixture->result);
    int status = rb_tree_remove(fixture->folder, NULL);
    rb_free(fixture->folder);
    rb_free(fixture);
    return status;
}

static void start(struct fixture *fixture, const char *kind)
{
    RB_CLEANUP_JSON json_t *spec = make_spec(kind, 600);
    struct rb_err err;
    assert_int_equal(rb_executor_start(fixture->executor, fixture->folder, spec, on_done, fixture,
                                       &fixture->job, &fixture->pid, &fixture->ticks, &err),
                     0);
    assert_int_equal(fixture->reports, 0);
    assert_int_equal(rb_executor_running(fixture->executor), 1);
    assert_true(fixture->pid > 0 && fixture->ticks > 0);
}

/* As a daemon does that ends and is started again. */
static void restart(struct fixture *fixture)
{
    rb_executor_free(fixture->executor);
    fixture->executor = rb_executor_new(fixture->loop, fixture->program);
}

static void adopt(struct fixture *fixture, int64_t pid, int64_t ticks)
{
    struct rb_err err;
    assert_int_equal(rb_executor_adopt(fixture->executor, fixture->folder, pid, ticks, on_done,
                                       fixture, &fixture->job, &err),
                     0);
    assert_int_equal(fixture->reports, 0);
    assert_int_equal(rb_executor_running(fixture->executor), 1);
}

static void await_report(struct fixture *fixture)
{
    rb_loop_run(fixture->loop); /* until nothing is left to wait for */
    assert_int_equal(fixture->reports, 1);
    assert_int_equal(rb_executor_running(fixture->executor), 0);
}

static bool has(const struct fixture *fixture, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", fixture->folder, name);
    return rb_file_exists(path);
}

static void test_start_to_end(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "succeed");
    await_report(fixture);
    assert_text(fixture->result, "state", "succeeded");
}

static void test_failure(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "fail");
    await_report(fixture);
    assert_text(fixture->result, "state", "failed");
    assert_text(fixture->result, "step", "break");
}

static void test_a_spec_that_no_runner_takes(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "dance");
    await_report(fixture);
    assert_text(fixture->result, "errorClass", "infrastructure");
    assert_contains(rb_json_get_string(fixture->result, "error", ""),
                    "this runner knows no kind of job");
}

static void test_a_program_that_is_not_there(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_JSON json_t *spec = make_spec("succeed", 60);
    struct rb_err err;
    struct rb_executor *broken = rb_executor_new(fixture->loop, "/no/such/program");
    assert_int_equal(rb_executor_start(broken, fixture->folder, spec, on_done, fixture,
                                       &fixture->job, &fixture->pid, &fixture->ticks, &err),
                     RB_ENOTFOUND);
    assert_int_equal(rb_executor_running(broken), 0);
    rb_executor_free(broken);
    rb_loop_run(fixture->loop);
    assert_int_equal(fixture->reports, 0);
}

static void test_cancel(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    pid_t step = read_fifo(fixture->folder, "ready");
    rb_executor_cancel(fixture->job);
    rb_executor_cancel(fixture->job);
    assert_int_equal(fixture->reports, 0);
    await_report(fixture);
    await_gone(step);
    assert_text(fixture->result, "state", "canceled");
    assert_text(fixture->result, "errorClass", "canceled");
    assert_true(has(fixture, "cleaned"));
}

static void test_cancel_of_a_runner_that_does_not_answer(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    pid_t step = read_fifo(fixture->folder, "ready");
    assert_int_equal(kill((pid_t)fixture->pid, SIGSTOP), 0);
    rb_executor_set_grace(fixture->executor, 100);
    rb_executor_cancel(fixture->job);
    await_report(fixture);
    await_gone(step);
    assert_text(fixture->result, "state", "canceled");
    assert_text(fixture->result, "kind", "hang");
    assert_false(has(fixture, "scratch"));
}

static void test_a_killed_runner_leaves_nothing(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    pid_t step = read_fifo(fixture->folder, "ready");
    assert_int_equal(kill((pid_t)fixture->pid, SIGKILL), 0);
    await_report(fixture);
    await_gone(step);
    assert_text(fixture->result, "state", "failed");
    assert_text(fixture->result, "errorClass", "infrastructure");
    assert_contains(rb_json_get_string(fixture->result, "error", ""),
                    "the runner was ended by signal 9; its log ends with: + sh -c");
    assert_false(has(fixture, "scratch"));
}

static void test_not_even_a_daemon_is_left(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "scatter-hang");
    pid_t step = read_fifo(fixture->folder, "ready");
    pid_t daemon = read_number(fixture->folder, "session");
    assert_int_equal(kill((pid_t)fixture->pid, SIGKILL), 0);
    await_report(fixture);
    await_gone(step);
    await_gone(daemon);
    assert_text(fixture->result, "errorClass", "infrastructure");
}

static void test_a_job_outlives_its_executor(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    restart(fixture);
    pid_t step = read_fifo(fixture->folder, "ready");
    assert_int_equal(kill(step, 0), 0);
    adopt(fixture, fixture->pid, fixture->ticks);
    assert_int_equal(kill(step, SIGTERM), 0);
    await_report(fixture);
    assert_text(fixture->result, "state", "failed");
    assert_contains(rb_json_get_string(fixture->result, "error", ""), "ended by signal 15");
}

static void test_an_adopted_job_can_be_canceled(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    restart(fixture);
    pid_t step = read_fifo(fixture->folder, "ready");
    adopt(fixture, fixture->pid, fixture->ticks);
    rb_executor_cancel(fixture->job);
    await_report(fixture);
    await_gone(step);
    assert_text(fixture->result, "state", "canceled");
}

static void test_adoption_of_a_job_that_has_ended(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "succeed");
    restart(fixture);
    await_gone((pid_t)fixture->pid);
    adopt(fixture, fixture->pid, fixture->ticks);
    await_report(fixture);
    assert_text(fixture->result, "state", "succeeded");
}

static void test_adoption_when_the_number_is_somebody_elses(void **state)
{
    struct fixture *fixture = *state;
    const char *arguments[] = {"sleep", "1000", NULL};
    const struct rb_process_options options = {.arguments = arguments, .outlives = true};
    struct rb_process *stranger;
    struct rb_err err;
    assert_int_equal(rb_process_start(fixture->loop, &options, NULL, NULL, &stranger, &err), 0);
    pid_t pid = rb_process_pid(stranger);
    rb_process_forget(stranger);
    adopt(fixture, pid, (int64_t)rb_process_started_ticks(pid) + 1);
    rb_executor_cancel(fixture->job);
    await_report(fixture);
    assert_text(fixture->result, "state", "canceled");
    assert_int_equal(kill(pid, 0), 0);
    assert_true(rb_process_started_ticks(pid) > 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
}

static void test_adoption_of_a_start_that_was_not_noted(void **state)
{
    struct fixture *fixture = *state;
    make_fifo(fixture->folder, "ready");
    start(fixture, "hang");
    restart(fixture);
    adopt(fixture, 0, 0);
    pid_t step = read_fifo(fixture->folder, "ready");
    rb_loop_run_once(fixture->loop);
    assert_int_equal(fixture->reports, 0);
    assert_int_equal(kill(step, SIGTERM), 0);
    await_report(fixture);
    assert_contains(rb_json_get_string(fixture->result, "error", ""), "ended by signal 15");
}

static void test_adoption_of_a_job_that_never_started(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", fixture->folder);
    RB_CLEANUP_JSON json_t *spec = make_spec("hang", 600);
    struct rb_err err;
    assert_int_equal(rb_json_write_file(path, spec, 0600, &err), 0);
    adopt(fixture, 0, 0);
    await_report(fixture);
    assert_text(fixture->result, "errorClass", "infrastructure");
    assert_false(has(fixture, "spec.json"));
}

static void test_free_while_a_job_settles(void **state)
{
    struct fixture *fixture = *state;
    start(fixture, "succeed");
    await_gone((pid_t)fixture->pid);
    rb_loop_run_once(fixture->loop); /* the end is seen, the result is not read yet */
    restart(fixture);
    rb_loop_run(fixture->loop);
    assert_int_equal(fixture->reports, 0);
}

int main(int argc, char **argv)
{
    int exit_code;
    if (kinds_are_asked_for(argc, argv, &exit_code))
        return exit_code;
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_start_to_end),
        TEST(test_failure),
        TEST(test_a_spec_that_no_runner_takes),
        TEST(test_a_program_that_is_not_there),
        TEST(test_cancel),
        TEST(test_cancel_of_a_runner_that_does_not_answer),
        TEST(test_a_killed_runner_leaves_nothing),
        TEST(test_not_even_a_daemon_is_left),
        TEST(test_a_job_outlives_its_executor),
        TEST(test_an_adopted_job_can_be_canceled),
        TEST(test_adoption_of_a_job_that_has_ended),
        TEST(test_adoption_when_the_number_is_somebody_elses),
        TEST(test_adoption_of_a_start_that_was_not_noted),
        TEST(test_adoption_of_a_job_that_never_started),
        TEST(test_free_while_a_job_settles),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
