/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/log.h"
#include "rebake/base/memory.h"

enum { TIME_SIZE = 21 }; /* "2026-11-24T14:03:07Z " */

/* Logs in a child whose standard error is a pipe; gives what came out, for the caller to free. */
static char *capture(void (*run)(const void *context), const void *context)
{
    enum { MOST = 65536 };
    int ends[2];
    size_t size = 0;
    char *text = rb_zalloc(MOST);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        run(context);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; size < MOST - 1 && (got = read(ends[0], text + size, MOST - 1 - size)) > 0;)
        size += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, NULL, 0), child);
    return text;
}

static void log_value(const void *context)
{
    rb_log(RB_LOG_INFO, "build finished", "image", (const char *)context, "state", "failed", NULL);
}

static void test_a_line(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        const char *shown;
    } ROWS[] = {
        {"shop/app", "shop/app"},       {NULL, "-"},        {"", "\"\""},
        {"two words", "\"two words\""}, {"a=b", "\"a=b\""}, {"say \"x\"", "\"say \\\"x\\\"\""},
        {"a \\ b", "\"a \\\\ b\""},     {"a\nb", "a?b"},    {"\x1b[31m", "?[31m"},
    };
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_FREE char *text = capture(log_value, ROWS[i].value);
        RB_CLEANUP_FREE char *line =
            rb_asprintf("info build finished image=%s state=failed\n", ROWS[i].shown);
        assert_true(strlen(text) > TIME_SIZE && text[TIME_SIZE - 2] == 'Z');
        assert_string_equal(text + TIME_SIZE, line);
    }
}

static void log_at_levels(const void *context)
{
    const enum rb_log_level *level = context;
    if (level != NULL)
        rb_log_set_level(*level);
    rb_log(RB_LOG_ERROR, "E", NULL);
    rb_log(RB_LOG_WARNING, "W", NULL);
    rb_log(RB_LOG_INFO, "I", NULL);
    rb_log(RB_LOG_DEBUG, "D", NULL);
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; (text = strchr(text, '\n')) != NULL; text++)
        count++;
    return count;
}

static void test_levels(void **state)
{
    (void)state;
    static const struct {
        enum rb_log_level level;
        size_t lines;
    } ROWS[] = {{RB_LOG_ERROR, 1}, {RB_LOG_WARNING, 2}, {RB_LOG_INFO, 3}, {RB_LOG_DEBUG, 4}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        RB_CLEANUP_FREE char *text = capture(log_at_levels, &ROWS[i].level);
        assert_int_equal(count_lines(text), ROWS[i].lines);
    }
}

static void test_level_of_the_environment(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        size_t lines;
    } ROWS[] = {{NULL, 3}, {"error", 1}, {"debug", 4}, {"", 3}, {"loud", 3}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        if (ROWS[i].value != NULL)
            setenv("REBAKE_LOG", ROWS[i].value, 1);
        else
            unsetenv("REBAKE_LOG");
        RB_CLEANUP_FREE char *text = capture(log_at_levels, NULL);
        assert_int_equal(count_lines(text), ROWS[i].lines);
    }
    unsetenv("REBAKE_LOG");
}

static void log_much(const void *context)
{
    const char *value = context;
    rb_log(RB_LOG_ERROR, "much", "a", value, "b", value, "c", value, "d", value, "e", value, "f",
           value, "g", value, "h", value, "i", value, "j", value, NULL);
    rb_log(RB_LOG_ERROR, "after", NULL);
}

/* However much it holds, a line is a line. */
static void test_a_line_is_bounded(void **state)
{
    (void)state;
    char value[2000];
    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    RB_CLEANUP_FREE char *text = capture(log_much, value);
    assert_int_equal(count_lines(text), 2);
    assert_true(strchr(text, '\n') - text <= 8192);
    assert_non_null(strstr(text, "error after\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_level_of_the_environment),
        cmocka_unit_test(test_a_line_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
