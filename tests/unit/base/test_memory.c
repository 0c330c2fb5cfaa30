/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/memory.h"

/* Under AddressSanitizer too, what is too large is ours to refuse. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_sizes(void **state)
{
    (void)state;
    void *nothing[] = {rb_alloc(0),     rb_zalloc(0),        rb_calloc(0, 8),
                       rb_calloc(8, 0), rb_realloc(NULL, 0), rb_reallocarray(NULL, 0, 8)};
    for (size_t i = 0; i < RB_COUNT_OF(nothing); i++) {
        assert_non_null(nothing[i]);
        rb_free(nothing[i]);
    }
    char *cleared = rb_calloc(100, 10);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(cleared[i], 0);
    cleared[999] = 'x';
    cleared = rb_reallocarray(cleared, 200, 10);
    assert_int_equal(cleared[999], 'x');
    rb_free(cleared);
    rb_free(NULL);
}

static void test_texts(void **state)
{
    (void)state;
    assert_null(rb_strdup(NULL));
    RB_CLEANUP_FREE char *copy = rb_strdup("text");
    RB_CLEANUP_FREE char *part = rb_strndup("text", 2);
    RB_CLEANUP_FREE char *whole = rb_strndup("text", 99);
    RB_CLEANUP_FREE char *printed = rb_asprintf("%s/%d", "a", 1);
    const char unterminated[3] = {'a', 'b', 'c'};
    RB_CLEANUP_FREE char *three = rb_strndup(unterminated, 3);
    assert_string_equal(copy, "text");
    assert_string_equal(part, "te");
    assert_string_equal(whole, "text");
    assert_string_equal(printed, "a/1");
    assert_string_equal(three, "abc");
}

static char *hand_on(void)
{
    RB_CLEANUP_FREE char *text = rb_strdup("handed on");
    return rb_steal(&text);
}

static void test_steal(void **state)
{
    (void)state;
    RB_CLEANUP_FREE char *text = hand_on();
    assert_string_equal(text, "handed on");
}

static void test_close_keeps_errno(void **state)
{
    (void)state;
    int kept;
    {
        RB_CLEANUP_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        RB_CLEANUP_CLOSE int bad = 1 << 20;
        RB_CLEANUP_CLOSE int none = -1;
        assert_true(fd >= 0 && bad > 0 && none < 0);
        kept = fd;
        errno = EXDEV;
    }
    assert_int_equal(errno, EXDEV);
    assert_int_equal(fcntl(kept, F_GETFD), -1);
}

static void overflow_calloc(void)
{
    rb_free(rb_calloc(SIZE_MAX / 2, 3));
}

static void overflow_reallocarray(void)
{
    rb_free(rb_reallocarray(NULL, SIZE_MAX / 2, 3));
}

static void fail_assertion(void)
{
    RB_ASSERT(1 + 1 == 3);
}

/* Runs in a child, whose standard error it gives back. */
static int run_apart(void (*run)(void), char *errors, size_t size)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        run();
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], errors, size - 1);
    errors[got > 0 ? got : 0] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_stops_rather_than_going_on(void **state)
{
    (void)state;
    static const struct {
        void (*run)(void);
        const char *says;
    } ROWS[] = {{overflow_calloc, "out of memory"},
                {overflow_reallocarray, "out of memory"},
                {fail_assertion, "assertion failed: 1 + 1 == 3"}};
    for (size_t i = 0; i < RB_COUNT_OF(ROWS); i++) {
        char errors[4096];
        int status = run_apart(ROWS[i].run, errors, sizeof(errors));
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
        assert_non_null(strstr(errors, ROWS[i].says));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_steal),
        cmocka_unit_test(test_close_keeps_errno),
        cmocka_unit_test(test_stops_rather_than_going_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
