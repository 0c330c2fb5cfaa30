/* SPDX-License-Identifier: Apache-2.0 */
/* The runner, by real jobs run to their ends. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "kinds.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

static void write_spec(const char *folder, const json_t *spec)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", folder);
    struct rb_err err;
    assert_int_equal(rb_json_write_file(path, spec, 0600, &err), 0);
}

static pid_t start_runner(const char *folder)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", folder);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)execl("/proc/self/exe", "test", "job", "run", path, NULL);
        _exit(99);
    }
    return pid;
}

static int exit_code_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static json_t *result_of(const char *folder)
{
    json_t *result = NULL;
    struct rb_err err;
    assert_int_equal(rb_job_result(folder, &result, &err), 0);
    return result;
}

static json_t *run_kind(const char *folder, const char *kind, int timeout_s, int expected_exit)
{
    RB_CLEANUP_JSON json_t *spec = make_spec(kind, timeout_s);
    write_spec(folder, spec);
    assert_int_equal(exit_code_of(start_runner(folder)), expected_exit);
    return result_of(folder);
}

static void assert_step(const json_t *result, size_t index, const char *name, const char *state)
{
    const json_t *step = json_array_get(json_object_get(result, "steps"), index);
    assert_text(step, "name", name);
    assert_text(step, "state", state);
    assert_true(json_is_real(json_object_get(step, "seconds")));
    assert_int_equal(strlen(rb_json_get_string(step, "startedAt", "")), 20);
}

static bool has(const char *folder, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    return rb_file_exists(path);
}

static int set_up(void **state)
{
    *state = make_folder();
    return 0;
}

static int tear_down(void **state)
{
    int status = rb_tree_remove(*state, NULL);
    rb_free(*state);
    return status;
}

static void test_success(void **state)
{
    const char *folder = *state;
    (void)setenv("REBAKE_TEST_SECRET", "hush", 1);
    (void)setenv("https_proxy", "http://proxy.example.com:3128", 1);
    RB_CLEANUP_JSON json_t *result = run_kind(folder, "succeed", 60, 0);
    (void)unsetenv("https_proxy");
    assert_text(result, "state", "succeeded");
    assert_text(result, "kind", "succeed");
    assert_int_equal(rb_json_get_integer(result, "version", 0), 1);
    assert_null(json_object_get(result, "error"));
    assert_step(result, 0, "look", "succeeded");
    assert_step(result, 1, "write", "succeeded");
    RB_CLEANUP_FREE char *mark = rb_asprintf("REBAKE_JOB=%s\n", folder);
    const char *environment = rb_json_get_string(result, "environment", "");
    assert_contains(environment, mark);
    assert_contains(environment, "\nTMPDIR=");
    assert_contains(environment, "https_proxy=http://proxy.example.com:3128\n");
    assert_null(strstr(environment, "hush"));
    RB_CLEANUP_FREE char *log = read_log(folder);
    assert_contains(log, "==> look\n");
    assert_contains(log, "to the log\n==> write\n");
    assert_contains(log, "\nhello\n");
    assert_contains(log, "https://***@git.example.com/shop.git");
    assert_null(strstr(log, "word"));
    assert_false(has(folder, "scratch"));
}

static void test_failure_tells_the_last_lines(void **state)
{
    const char *folder = *state;
    RB_CLEANUP_JSON json_t *result = run_kind(folder, "fail", 60, 1);
    assert_text(result, "state", "failed");
    assert_text(result, "errorClass", "infrastructure");
    assert_text(result, "step", "break");
    assert_text(result, "error", "the script: exit code 3: first | second | https://***@x/ third");
    assert_step(result, 0, "before", "succeeded");
    assert_step(result, 1, "break", "failed");
    assert_false(has(folder, "scratch"));
}

static void test_class_of_a_failure(void **state)
{
    RB_CLEANUP_JSON json_t *spec = make_spec("fail", 60);
    rb_json_set_string(spec, "class", "recipe");
    write_spec(*state, spec);
    assert_int_equal(exit_code_of(start_runner(*state)), 1);
    RB_CLEANUP_JSON json_t *said = result_of(*state);
    assert_text(said, "errorClass", "recipe");
    RB_CLEANUP_JSON json_t *by_code = run_kind(*state, "refuse", 60, 1);
    assert_text(by_code, "errorClass", "recipe");
    assert_text(by_code, "error", "line 3: not a thing to do");
    RB_CLEANUP_JSON json_t *tool = run_kind(*state, "absent", 60, 1);
    assert_text(tool, "errorClass", "infrastructure");
    assert_text(tool, "error", "the tool: run no-such-program: No such file or directory");
}

static void test_deadline_ends_a_step(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "hang", 2, 1);
    assert_text(result, "state", "failed");
    assert_text(result, "errorClass", "timeout");
    assert_text(result, "error", "the script: the job's time ran out");
    assert_int_equal(kill(read_number(*state, "ready"), 0), -1);
    assert_true(has(*state, "cleaned"));
    assert_false(has(*state, "scratch"));
}

static void test_deadline_ends_work_that_does_not_listen(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "stuck", 1, 1);
    assert_text(result, "errorClass", "timeout");
    assert_text(result, "step", "stuck");
    assert_true(has(*state, "cleaned"));
    assert_false(has(*state, "scratch"));
}

static void test_deadline_ends_a_wait(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "wait", 1, 1);
    assert_text(result, "errorClass", "timeout");
}

static void cancel_kind(const char *folder, const char *kind, int number)
{
    RB_CLEANUP_JSON json_t *spec = make_spec(kind, 600);
    make_fifo(folder, "ready");
    write_spec(folder, spec);
    pid_t runner = start_runner(folder);
    pid_t step = read_fifo(folder, "ready");
    assert_int_equal(kill(runner, number), 0);
    assert_int_equal(exit_code_of(runner), 1);
    await_gone(step);
    RB_CLEANUP_JSON json_t *result = result_of(folder);
    assert_text(result, "state", "canceled");
    assert_text(result, "errorClass", "canceled");
    assert_step(result, 0, kind, "canceled");
    assert_true(has(folder, "cleaned"));
    assert_false(has(folder, "scratch"));
}

static void test_cancel(void **state)
{
    cancel_kind(*state, "hang", SIGTERM);
}

static void test_cancel_by_interrupt(void **state)
{
    cancel_kind(*state, "hang", SIGINT);
}

static void test_cancel_of_a_deaf_step(void **state)
{
    cancel_kind(*state, "deaf", SIGTERM);
}

static void test_cancel_of_stuck_work(void **state)
{
    cancel_kind(*state, "stuck", SIGTERM);
}

static void test_crash_of_the_work_is_a_result(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "crash", 60, 1);
    assert_text(result, "errorClass", "infrastructure");
    assert_text(result, "error", "the job's own process was ended by signal 9");
    assert_step(result, 0, "crash", "failed");
    assert_true(has(*state, "cleaned"));
}

static void test_nothing_outlives_a_contained_job(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "scatter", 60, 0);
    assert_text(result, "state", "succeeded");
    assert_int_equal(kill(read_number(*state, "group"), 0), -1);
    assert_int_equal(kill(read_number(*state, "session"), 0), -1);
}

static void test_a_daemon_may_outlive_an_open_job(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "scatter-open", 60, 0);
    pid_t daemon = read_number(*state, "session");
    assert_text(result, "state", "succeeded");
    await_gone(read_number(*state, "group"));
    assert_int_equal(kill(daemon, SIGKILL), 0);
    await_gone(daemon);
}

static void test_a_log_is_bounded(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "talk", 60, 0);
    assert_text(result, "state", "succeeded");
    RB_CLEANUP_FREE char *log = read_log(*state);
    assert_in_range(strlen(log), 64 << 20, (64 << 20) + 65536);
    assert_contains(log + strlen(log) - 100, "==> the log is full: what follows is dropped\n");
}

static void test_captured_output_is_bounded(void **state)
{
    RB_CLEANUP_JSON json_t *result = run_kind(*state, "flood", 60, 1);
    assert_text(result, "error", "the flood: it printed more than 100000 bytes");
}

static void test_bad_specs(void **state)
{
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"", "line 1 column 0"},
        {"{\"version\": 2, \"kind\": \"succeed\"}", "version 2; this runner knows version 1"},
        {"{\"version\": 1}", "kind\\\" is missing"},
        {"{\"version\": 1, \"kind\": \"dance\"}", "knows no kind of job \\\"dance"},
        {"{\"version\": 1, \"kind\": \"succeed\"}", "timeoutSeconds\\\" is missing"},
        {"{\"version\": 1, \"kind\": \"succeed\", \"timeoutSeconds\": 0}", "must be from 1 to"},
        {"{\"version\": 1, \"kind\": \"succeed\", \"timeoutSeconds\": 1, \"graceSeconds\": 601}",
         "graceSeconds\\\" must be from 1 to 600"},
    };
    RB_CLEANUP_FREE char *spec_path = rb_asprintf("%s/spec.json", (char *)*state);
    RB_CLEANUP_FREE char *log_path = rb_asprintf("%s/log", (char *)*state);
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_err err;
        assert_int_equal(
            rb_file_write_atomic(spec_path, cases[i].text, strlen(cases[i].text), 0600, &err), 0);
        (void)fflush(NULL);
        int kept = dup(STDERR_FILENO);
        int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        (void)dup2(log, STDERR_FILENO);
        pid_t runner = start_runner(*state);
        (void)dup2(kept, STDERR_FILENO);
        (void)close(kept);
        (void)close(log);
        assert_int_equal(exit_code_of(runner), 2);
        RB_CLEANUP_FREE char *text = read_log(*state);
        assert_contains(text, cases[i].error);
        assert_false(has(*state, "result.json"));
    }
}

static void test_one_runner_at_a_time(void **state)
{
    RB_CLEANUP_JSON json_t *spec = make_spec("succeed", 60);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", (char *)*state);
    write_spec(*state, spec);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(exit_code_of(start_runner(*state)), 2);
    (void)close(fd);
    assert_int_equal(exit_code_of(start_runner(*state)), 0);
}

static void test_a_job_can_be_done_again(void **state)
{
    RB_CLEANUP_JSON json_t *first = run_kind(*state, "fail", 60, 1);
    RB_CLEANUP_FREE char *scratch = rb_asprintf("%s/scratch", (char *)*state);
    assert_int_equal(mkdir(scratch, 0700), 0);
    RB_CLEANUP_JSON json_t *second = run_kind(*state, "succeed", 60, 0);
    assert_text(first, "state", "failed");
    assert_text(second, "state", "succeeded");
    RB_CLEANUP_FREE char *log = read_log(*state);
    assert_contains(log, "==> break\n");
    assert_contains(log, "==> look\n");
}

int main(int argc, char **argv)
{
    int exit_code;
    if (kinds_are_asked_for(argc, argv, &exit_code))
        return exit_code;
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_success),
        TEST(test_failure_tells_the_last_lines),
        TEST(test_class_of_a_failure),
        TEST(test_deadline_ends_a_step),
        TEST(test_deadline_ends_work_that_does_not_listen),
        TEST(test_deadline_ends_a_wait),
        TEST(test_cancel),
        TEST(test_cancel_by_interrupt),
        TEST(test_cancel_of_a_deaf_step),
        TEST(test_cancel_of_stuck_work),
        TEST(test_crash_of_the_work_is_a_result),
        TEST(test_nothing_outlives_a_contained_job),
        TEST(test_a_daemon_may_outlive_an_open_job),
        TEST(test_a_log_is_bounded),
        TEST(test_captured_output_is_bounded),
        TEST(test_bad_specs),
        TEST(test_one_runner_at_a_time),
        TEST(test_a_job_can_be_done_again),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
