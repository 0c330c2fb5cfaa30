/* SPDX-License-Identifier: Apache-2.0 */
/* Children that must be ended, that outlive us, or that are not ours. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"

enum { PLENTY = 4096, SOON_MS = 4000, GRACE_MS = 5000 };

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

struct ending {
    int64_t started_ms;
    int64_t after_ms;
    int reports;
    struct rb_process_result result; /* without its texts */
    char output[PLENTY + 1];
};

static void ended(void *context, const struct rb_process_result *result)
{
    struct ending *ending = context;
    ending->reports++;
    ending->after_ms = rb_clock_monotonic_ms() - ending->started_ms;
    ending->result = *result;
    memcpy(ending->output, result->output, result->output_size + 1);
}

/* What `echo $!` printed. */
static pid_t pid_in(const char *output)
{
    char *end;
    long pid = strtol(output, &end, 10);
    assert_true(pid > 1 && *end == '\n');
    return (pid_t)pid;
}

static struct rb_process *start(struct rb_loop *loop, const char *script, int64_t timeout_ms,
                                struct ending *ending)
{
    struct rb_process *process = NULL;
    struct rb_err err;
    const struct rb_process_options options = {
        .arguments = SHELL(script), .output_maximum = PLENTY, .timeout_ms = timeout_ms};
    *ending = (struct ending){.started_ms = rb_clock_monotonic_ms()};
    if (rb_process_start(loop, &options, ended, ending, &process, &err) != 0)
        fail_msg("%s", err.text);
    return process;
}

/* The report comes only once all that held the output is gone: so it tells that the group is. */
static void test_time_runs_out_for_the_whole_group(void **state)
{
    (void)state;
    static const char *const SCRIPTS[] = {"exec sleep 1000", "sleep 1000 & sleep 1000",
                                          "(sleep 1000 & sleep 1000) & wait",
                                          "sleep 1000 & exit 0"};
    for (size_t i = 0; i < RB_COUNT_OF(SCRIPTS); i++) {
        RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
        struct ending ending;
        (void)start(loop, SCRIPTS[i], 100, &ending);
        rb_loop_run(loop);
        assert_int_equal(ending.reports, 1);
        assert_true(ending.result.timed_out);
        assert_in_range(ending.after_ms, 99, SOON_MS);
        assert_int_equal(rb_process_check(&ending.result, "it", NULL), RB_ETIMEOUT);
    }
}

static void test_kill(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct ending ending;
    struct rb_process *process = start(loop, "sleep 1000 & sleep 1000", 0, &ending);
    assert_true(rb_process_pid(process) > 0);
    assert_int_equal(getpgid(rb_process_pid(process)), rb_process_pid(process));
    rb_process_kill(process);
    rb_process_kill(process);
    rb_loop_run(loop);
    assert_int_equal(ending.reports, 1);
    assert_int_equal(ending.result.signal, SIGTERM);
    assert_false(ending.result.timed_out);
}

/* A loop that is freed sees the children that were killed to their end. */
static void test_kill_and_free(void **state)
{
    (void)state;
    struct rb_loop *loop = rb_loop_new();
    struct ending ending;
    rb_process_kill(start(loop, "exec sleep 60", 0, &ending));
    rb_loop_free(loop);
    assert_int_equal(ending.reports, 1);
    assert_int_equal(ending.result.signal, SIGTERM);
}

/* What does not end when it is asked to is killed after the grace; and what left the group with the
   output in its hands is not waited for. Side by side, since each takes the whole grace. */
static void test_what_does_not_want_to_end(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct ending deaf, deaf_below, escaped, escaped_alone;
    (void)start(loop, "trap '' TERM; while :; do sleep 0.1; done", 500, &deaf);
    (void)start(loop, "(trap '' TERM; while :; do sleep 0.1; done) & echo deaf; wait", 500,
                &deaf_below);
    (void)start(loop, "setsid sleep 1000 & echo $!; exec sleep 1000", 500, &escaped);
    (void)start(loop, "setsid sleep 1000 & echo $!; exit 7", 500, &escaped_alone);
    rb_loop_run(loop);
    struct ending *const all[] = {&deaf, &deaf_below, &escaped, &escaped_alone};
    for (size_t i = 0; i < RB_COUNT_OF(all); i++) {
        assert_int_equal(all[i]->reports, 1);
        assert_true(all[i]->result.timed_out);
        assert_in_range(all[i]->after_ms, GRACE_MS, GRACE_MS + 2 * SOON_MS);
    }
    assert_int_equal(deaf.result.signal, SIGKILL);
    assert_string_equal(deaf_below.output, "deaf\n");
    assert_int_equal(escaped.result.signal, SIGTERM);
    assert_int_equal(escaped_alone.result.exit_code, 7);
    const struct ending *const escapes[] = {&escaped, &escaped_alone};
    for (size_t i = 0; i < RB_COUNT_OF(escapes); i++) {
        assert_int_equal(kill(pid_in(escapes[i]->output), SIGKILL), 0);
    }
}

static void never(void *context, const struct rb_process_result *result)
{
    (void)context;
    (void)result;
    fail_msg("a child that was forgotten is reported");
}

static void test_forget(void **state)
{
    (void)state;
    static const char INPUT[1 << 20] = "much that is not read";
    const struct rb_process_options rows[] = {
        {.arguments = SHELL("exec sleep 1000"), .outlives = true},
        {.arguments = SHELL("exec sleep 1000"),
         .outlives = true,
         .output_maximum = PLENTY,
         .errors_maximum = PLENTY,
         .timeout_ms = 1000000},
        {.arguments = SHELL("exec sleep 1000"),
         .outlives = true,
         .input = INPUT,
         .input_size = sizeof(INPUT)},
    };
    for (size_t i = 0; i < RB_COUNT_OF(rows); i++) {
        struct rb_loop *loop = rb_loop_new();
        struct rb_process *process = NULL;
        assert_int_equal(rb_process_start(loop, &rows[i], never, NULL, &process, NULL), 0);
        pid_t pid = rb_process_pid(process);
        rb_process_forget(process);
        rb_loop_run(loop); /* nothing is left to wait for */
        rb_loop_free(loop);
        int status;
        assert_int_equal(waitpid(pid, &status, WNOHANG), 0); /* it runs on */
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
    }
}

static void test_forget_in_the_midst_of_its_end(void **state)
{
    (void)state;
    const struct rb_process_options options = {
        .arguments = SHELL("sleep 0.3 & exit 0"), .outlives = true, .output_maximum = PLENTY};
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct rb_process *process = NULL;
    assert_int_equal(rb_process_start(loop, &options, never, NULL, &process, NULL), 0);
    pid_t pid = rb_process_pid(process);
    while (kill(pid, 0) == 0) /* until it has exited and was waited for; its output is still open */
        rb_loop_run_once(loop);
    rb_process_forget(process);
    rb_loop_run(loop);
}

static void test_outliving_child_is_reported(void **state)
{
    (void)state;
    const struct rb_process_options options = {.arguments = SHELL("exit 4"), .outlives = true};
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct ending ending = {0};
    assert_int_equal(rb_process_start(loop, &options, ended, &ending, NULL, NULL), 0);
    rb_loop_run(loop);
    assert_int_equal(ending.reports, 1);
    assert_int_equal(ending.result.exit_code, 4);
}

static void test_started_ticks(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-ticks-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *program = rb_asprintf("%s/a) R 1 (b", folder);
    assert_int_equal(symlink("/bin/sleep", program), 0);
    uint64_t own = rb_process_started_ticks(getpid());
    assert_true(own > 0);
    assert_true(own == rb_process_started_ticks(getpid()));
    assert_int_equal(rb_process_started_ticks(-1), 0);
    const struct rb_process_options options = {.arguments =
                                                   (const char *const[]){program, "1000", NULL}};
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct rb_process *process = NULL;
    struct ending ending = {0};
    assert_int_equal(rb_process_start(loop, &options, ended, &ending, &process, NULL), 0);
    pid_t pid = rb_process_pid(process);
    assert_in_range(rb_process_started_ticks(pid) - own, 0, 100 * 60 * 60);
    rb_process_kill(process);
    rb_loop_run(loop);
    assert_int_equal(rb_process_started_ticks(pid), 0);
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

struct watcher {
    struct rb_pid_watch *watch;
    int gone;
};

static void gone(void *context)
{
    struct watcher *watcher = context;
    watcher->gone++;
    rb_pid_watch_free(watcher->watch);
}

/* A grandchild, whose parent has ended. */
static void test_watch_somebody_elses_child(void **state)
{
    (void)state;
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct watcher watcher = {0};
    const struct rb_process_options options = {
        .arguments = SHELL("sleep 1000 >/dev/null & echo $!"), .output_maximum = PLENTY};
    assert_int_equal(rb_process_run(&options, &result, NULL), 0);
    pid_t pid = pid_in(result.output);
    assert_int_equal(rb_pid_watch_start(loop, pid, gone, &watcher, &watcher.watch, NULL), 0);
    assert_int_equal(watcher.gone, 0);
    assert_int_equal(kill(pid, SIGKILL), 0);
    rb_loop_run(loop);
    assert_int_equal(watcher.gone, 1);
}

static void test_watch_and_let_go(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct rb_pid_watch *watch = NULL;
    struct rb_err err;
    assert_int_equal(rb_pid_watch_start(loop, getppid(), NULL, NULL, &watch, &err), 0);
    rb_pid_watch_free(watch);
    rb_pid_watch_free(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    watch = NULL;
    assert_true(rb_pid_watch_start(loop, child, NULL, NULL, &watch, &err) < 0);
    assert_int_equal(err.system, ESRCH);
    assert_null(watch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_time_runs_out_for_the_whole_group),
        cmocka_unit_test(test_kill),
        cmocka_unit_test(test_kill_and_free),
        cmocka_unit_test(test_what_does_not_want_to_end),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_forget_in_the_midst_of_its_end),
        cmocka_unit_test(test_outliving_child_is_reported),
        cmocka_unit_test(test_started_ticks),
        cmocka_unit_test(test_watch_somebody_elses_child),
        cmocka_unit_test(test_watch_and_let_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
