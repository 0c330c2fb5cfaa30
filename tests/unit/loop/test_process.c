/* SPDX-License-Identifier: Apache-2.0 */
/* Children that end by themselves: what they are given and what they leave. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"

enum { PLENTY = 1 << 20 };

#define SHELL(script) ((const char *const[]){"sh", "-c", (script), NULL})

/* Runs it to its end; fails the test when it cannot be started. */
static void run(const struct rb_process_options *options, struct rb_process_result *ret_result)
{
    struct rb_err err;
    if (rb_process_run(options, ret_result, &err) != 0)
        fail_msg("%s", err.text);
}

static void test_how_a_child_ends(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int exit_code;
        int signal;
        const char *output;
        const char *errors;
    } ROWS[] = {
        {"true", 0, 0, "", ""},
        {"exit 42", 42, 0, "", ""},
        {"exit 255", 255, 0, "", ""},
        {"kill -9 $$", -1, 9, "", ""},
        {"echo before; kill -TERM $$; echo after", -1, 15, "before\n", ""},
        {"echo out; echo err >&2; exit 3", 3, 0, "out\n", "err\n"},
        {"printf 'no newline'", 0, 0, "no newline", ""},
        {"(exec >&2; echo from a grandchild) & wait", 0, 0, "", "from a grandchild\n"},
        {"cat", 0, 0, "", ""}, /* its input is /dev/null */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        run(&(struct rb_process_options){.arguments = SHELL(ROWS[i].script),
                                         .output_maximum = PLENTY,
                                         .errors_maximum = PLENTY,
                                         .timeout_ms = 60000},
            &result);
        if (result.exit_code != ROWS[i].exit_code || result.signal != ROWS[i].signal ||
            result.timed_out || result.overflowed || strcmp(result.output, ROWS[i].output) != 0 ||
            strcmp(result.errors, ROWS[i].errors) != 0)
            fail_msg("%s: %d, %d, \"%s\", \"%s\"", ROWS[i].script, result.exit_code, result.signal,
                     result.output, result.errors);
    }
}

/* A child may leave a part of its work to a grandchild: it is done when the output has ended. */
static void test_waits_for_the_output(void **state)
{
    (void)state;
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    run(&(struct rb_process_options){.arguments = SHELL("(sleep 0.2; echo late) & exit 5"),
                                     .output_maximum = PLENTY},
        &result);
    assert_int_equal(result.exit_code, 5);
    assert_string_equal(result.output, "late\n");
}

static void test_output_is_dropped_where_nobody_wants_it(void **state)
{
    (void)state;
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    run(&(struct rb_process_options){.arguments = SHELL("seq 100000; seq 100000 >&2")}, &result);
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.output, "");
    assert_string_equal(result.errors, "");
    assert_int_equal(result.output_size, 0);
}

static void test_environment_and_folder(void **state)
{
    (void)state;
    const char *const environment[] = {"PATH=/usr/bin:/bin", "ONLY=this", NULL};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result given = {0};
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result inherited = {0};
    setenv("REBAKE_TEST_INHERITED", "yes", 1);
    run(&(struct rb_process_options){.arguments = SHELL("echo $ONLY-$REBAKE_TEST_INHERITED-$(pwd)"),
                                     .environment = environment,
                                     .folder = "/usr",
                                     .output_maximum = PLENTY},
        &given);
    run(&(struct rb_process_options){.arguments = SHELL("echo $ONLY-$REBAKE_TEST_INHERITED"),
                                     .output_maximum = PLENTY},
        &inherited);
    assert_string_equal(given.output, "this--/usr\n");
    assert_string_equal(inherited.output, "-yes\n");
}

static void never(void *context, const struct rb_process_result *result)
{
    (void)context;
    (void)result;
    fail_msg("a child that was not started has ended");
}

static void test_what_cannot_be_started(void **state)
{
    (void)state;
    static const char *const TRUE[] = {"true", NULL};
    static const char *const ABSENT[] = {"no-such-program-anywhere", NULL};
    static const char *const FOLDER[] = {"/usr", NULL};
    const struct rb_process_options rows[] = {
        {.arguments = ABSENT, .output_maximum = PLENTY, .errors_maximum = PLENTY},
        {.arguments = ABSENT, .input = "x", .input_size = 1, .timeout_ms = 1000},
        {.arguments = ABSENT, .outlives = true},
        {.arguments = FOLDER},
        {.arguments = TRUE, .folder = "/no/such/folder"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(rows); i++) {
        RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
        struct rb_process *process = NULL;
        struct rb_err err;
        assert_true(rb_process_start(loop, &rows[i], never, NULL, &process, &err) < 0);
        assert_null(process);
        assert_int_equal(strncmp(err.text, "run ", 4), 0);
        rb_loop_run(loop);
    }
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    assert_int_equal(rb_process_run(&rows[0], &result, NULL), RB_ENOTFOUND);
}

static void test_input(void **state)
{
    (void)state;
    enum { MEGABYTES = 3 << 20 };
    RB_CLEANUP_FREE char *data = rb_alloc(MEGABYTES);
    for (size_t i = 0; i < MEGABYTES; i++)
        data[i] = (char)('a' + i % 26);
    static const size_t SIZES[] = {0, 1, 65536, MEGABYTES};
    for (size_t i = 0; i < RB_COUNT_OF(SIZES); i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        run(&(struct rb_process_options){.arguments = SHELL("cat"),
                                         .input = data,
                                         .input_size = SIZES[i],
                                         .output_maximum = MEGABYTES},
            &result);
        assert_int_equal(result.output_size, SIZES[i]);
        assert_memory_equal(result.output, data, SIZES[i]);
    }
}

/* That nobody reads it to its end is no error, and no signal to us. */
static void test_input_that_is_not_read(void **state)
{
    (void)state;
    static const char *const SCRIPTS[] = {"true", "exec <&-; sleep 0.05", "head -c 10 >/dev/null",
                                          "sleep 0.2 & exit 0"};
    RB_CLEANUP_FREE char *data = rb_zalloc(PLENTY);
    for (size_t i = 0; i < RB_COUNT_OF(SCRIPTS); i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        run(&(struct rb_process_options){.arguments = SHELL(SCRIPTS[i]),
                                         .input = data,
                                         .input_size = PLENTY},
            &result);
        assert_int_equal(result.exit_code, 0);
    }
}

static void test_log(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *folder = NULL;
    RB_CLEANUP_FREE char *log = NULL;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-process-", &folder, NULL), 0);
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/log", folder);
    RB_CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
    run(&(struct rb_process_options){.arguments = SHELL("echo one; echo two >&2; echo three"),
                                     .output_maximum = PLENTY,
                                     .errors_maximum = PLENTY,
                                     .log_fd = fd},
        &result);
    assert_string_equal(result.output, "");
    assert_int_equal(rb_file_read(path, PLENTY, &log, NULL, NULL), 0);
    assert_string_equal(log, "one\ntwo\nthree\n");
    assert_int_equal(rb_tree_remove(folder, NULL), 0);
}

static void test_output_up_to_its_maximum(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t maximum;
        bool overflowed;
    } ROWS[] = {
        {"printf 12345678", 8, false},
        {"printf 123456789", 8, true},
        {"head -c 65536 /dev/zero", 65536, false},
        {"head -c 65537 /dev/zero", 65536, true},
        {"exec cat /dev/zero", 100000, true}, /* it is stopped: it would not end */
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        run(&(struct rb_process_options){.arguments = SHELL(ROWS[i].script),
                                         .output_maximum = ROWS[i].maximum},
            &result);
        if (result.overflowed != ROWS[i].overflowed)
            fail_msg("%s: %d", ROWS[i].script, result.overflowed);
        assert_true(result.output_size <= ROWS[i].maximum);
        assert_int_equal(rb_process_check(&result, "it", NULL), ROWS[i].overflowed ? RB_ELIMIT : 0);
    }
}

/* A tool's reason to give up stands at the end of what it says: the oldest is let go. */
static void test_errors_keep_their_end(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        size_t maximum;
        const char *kept;
    } ROWS[] = {
        {"printf 12345678 >&2", 8, "12345678"},
        {"printf 123456789 >&2", 8, "23456789"},
        {"seq 100000 >&2; echo the reason >&2", 11, "the reason\n"},
        {"printf abc >&2; sleep 0.1; printf defgh >&2", 6, "cdefgh"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP(rb_process_result_deinit) struct rb_process_result result = {0};
        run(&(struct rb_process_options){.arguments = SHELL(ROWS[i].script),
                                         .errors_maximum = ROWS[i].maximum},
            &result);
        assert_int_equal(result.exit_code, 0);
        assert_false(result.overflowed);
        assert_string_equal(result.errors, ROWS[i].kept);
    }
}

static void test_check(void **state)
{
    (void)state;
    static char reason[] = "STEP 1\nerror: no space left  \n\n", nothing[] = "",
                one[] = "just this";
    const struct {
        struct rb_process_result result;
        int status;
        const char *text;
    } rows[] = {
        {{.errors = nothing}, 0, ""},
        {{.exit_code = 1, .errors = nothing}, RB_EIO, "push: exit code 1"},
        {{.exit_code = 1, .errors = NULL}, RB_EIO, "push: exit code 1"},
        {{.exit_code = 125, .errors = reason}, RB_EIO, "push: exit code 125: error: no space left"},
        {{.exit_code = 2, .errors = one}, RB_EIO, "push: exit code 2: just this"},
        {{.exit_code = -1, .signal = 9, .errors = reason},
         RB_EIO,
         "push: ended by signal 9: error: no space left"},
        {{.exit_code = -1, .signal = 15, .timed_out = true, .errors = reason},
         RB_ETIMEOUT,
         "push: its time ran out"},
        {{.exit_code = -1, .signal = 15, .overflowed = true, .errors = reason},
         RB_ELIMIT,
         "push: its output was too large"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(rows); i++) {
        struct rb_err err = {.text = ""};
        assert_int_equal(rb_process_check(&rows[i].result, "push", &err), rows[i].status);
        assert_string_equal(err.text, rows[i].text);
    }
}

struct chain {
    struct rb_loop *loop;
    int left;
};

static void start_next(void *context, const struct rb_process_result *result)
{
    static const char *const TRUE[] = {"true", NULL};
    const struct rb_process_options options = {.arguments = TRUE};
    struct chain *chain = context;
    assert_true(result == NULL || result->exit_code == 0);
    if (chain->left-- > 0)
        assert_int_equal(rb_process_start(chain->loop, &options, start_next, chain, NULL, NULL), 0);
}

static void test_a_child_after_the_other(void **state)
{
    (void)state;
    RB_CLEANUP(rb_loop_cleanup) struct rb_loop *loop = rb_loop_new();
    struct chain chain = {loop, 5};
    start_next(&chain, NULL);
    assert_int_equal(chain.left, 4); /* done is never called from within */
    rb_loop_run(loop);
    assert_int_equal(chain.left, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_a_child_ends),
        cmocka_unit_test(test_waits_for_the_output),
        cmocka_unit_test(test_output_is_dropped_where_nobody_wants_it),
        cmocka_unit_test(test_environment_and_folder),
        cmocka_unit_test(test_what_cannot_be_started),
        cmocka_unit_test(test_input),
        cmocka_unit_test(test_input_that_is_not_read),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_output_up_to_its_maximum),
        cmocka_unit_test(test_errors_keep_their_end),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_a_child_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
