/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "command.h"
#include "rebake/base/memory.h"

static int run_with_words(const struct rb_command *command, int argc, char **argv)
{
    check_expected_ptr(command);
    check_expected(argc);
    const char *program = argv[0], *last = argv[argc - 1];
    check_expected(program);
    check_expected(last);
    return RB_EXIT_OUTDATED;
}

static const struct rb_command scan = {
    .name = "scan", .arguments = "REF", .summary = "Look inside", .run = run_with_words};
static const struct rb_command job_run = {
    .name = "job run", .arguments = "SPEC", .summary = "Carry out", .run = run_with_words};
static const struct rb_command check_git = {.name = "internal git",
                                            .arguments = "",
                                            .summary = "Ask",
                                            .run = run_with_words,
                                            .internal = true};
static const struct rb_command *const commands[] = {&scan, &job_run, &check_git, NULL};

static int call(const char *first, const char *second, const char *third)
{
    char *argv[] = {(char *)(uintptr_t) "rebake", (char *)(uintptr_t)first,
                    (char *)(uintptr_t)second, (char *)(uintptr_t)third, NULL};
    int argc = 1;
    while (argv[argc] != NULL)
        argc++;
    return rb_command_main(commands, argc, argv);
}

static void expect_run(const struct rb_command *command, int argc, const char *program,
                       const char *last)
{
    expect_value(run_with_words, command, (uintptr_t)command);
    expect_value(run_with_words, argc, argc);
    expect_string(run_with_words, program, program);
    expect_string(run_with_words, last, last);
}

static void verbs_run_with_their_arguments(void **state)
{
    (void)state;
    expect_run(&scan, 2, "rebake scan", "x");
    assert_int_equal(call("scan", "x", NULL), RB_EXIT_OUTDATED);
    expect_run(&scan, 1, "rebake scan", "rebake scan");
    assert_int_equal(call("scan", NULL, NULL), RB_EXIT_OUTDATED);
    expect_run(&job_run, 2, "rebake job run", "spec.json");
    assert_int_equal(call("job", "run", "spec.json"), RB_EXIT_OUTDATED);
    expect_run(&check_git, 1, "rebake internal git", "rebake internal git");
    assert_int_equal(call("internal", "git", NULL), RB_EXIT_OUTDATED);
}

static void unknown_verbs_are_a_wrong_command_line(void **state)
{
    (void)state;
    assert_int_equal(call(NULL, NULL, NULL), RB_EXIT_USAGE);
    assert_int_equal(call("scam", NULL, NULL), RB_EXIT_USAGE);
    assert_int_equal(call("job", NULL, NULL), RB_EXIT_USAGE);
    assert_int_equal(call("job", "rum", NULL), RB_EXIT_USAGE);
    assert_int_equal(call("", NULL, NULL), RB_EXIT_USAGE);
    assert_int_equal(call("--verbose", NULL, NULL), RB_EXIT_USAGE);
    assert_int_equal(call("help", "scam", NULL), RB_EXIT_USAGE);
}

static void help_runs_nothing(void **state)
{
    (void)state;
    assert_int_equal(call("help", NULL, NULL), RB_EXIT_OK);
    assert_int_equal(call("--help", NULL, NULL), RB_EXIT_OK);
    assert_int_equal(call("help", "scan", NULL), RB_EXIT_OK);
    assert_int_equal(call("help", "job", "run"), RB_EXIT_OK);
    assert_int_equal(call("scan", "--help", NULL), RB_EXIT_OK);
    assert_int_equal(call("job", "run", "--help"), RB_EXIT_OK);
    assert_int_equal(call("--version", NULL, NULL), RB_EXIT_OK);
    expect_run(&scan, 3, "rebake scan", "--help");
    assert_int_equal(call("scan", "--", "--help"), RB_EXIT_OUTDATED);
}

static void errors_become_exit_codes(void **state)
{
    (void)state;
    static const struct {
        enum rb_errc code;
        int wanted;
    } cases[] = {
        {RB_EINVALID, RB_EXIT_FAILED},      {RB_EVERIFY, RB_EXIT_FAILED},
        {RB_ENETWORK, RB_EXIT_UNREACHABLE}, {RB_ETIMEOUT, RB_EXIT_UNREACHABLE},
        {RB_EBUSY, RB_EXIT_UNREACHABLE},
    };
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_err err;
        (void)rb_err_set(&err, cases[i].code, "reason");
        assert_int_equal(rb_command_fail(&scan, &err), cases[i].wanted);
    }
    assert_int_equal(rb_command_usage(&scan, "no %s", "REF"), RB_EXIT_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(verbs_run_with_their_arguments),
        cmocka_unit_test(unknown_verbs_are_a_wrong_command_line),
        cmocka_unit_test(help_runs_nothing),
        cmocka_unit_test(errors_become_exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
