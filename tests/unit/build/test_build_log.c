/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "build/build_log.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"

/* A job as far as its log goes. */
struct fixture {
    struct rb_job job;
    char *folder;
};

static int set_up(void **state)
{
    struct fixture *fixture = rb_zalloc(sizeof(*fixture));
    if (rb_folder_make_temporary("/tmp/rebake-test-log-", &fixture->folder, NULL) != 0)
        return -1;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/log", fixture->folder);
    fixture->job.folder = fixture->folder;
    fixture->job.log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    *state = fixture;
    return fixture->job.log_fd < 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    (void)close(fixture->job.log_fd);
    int status = rb_tree_remove(fixture->folder, NULL);
    rb_free(fixture->folder);
    rb_free(fixture);
    return status;
}

static void print(struct fixture *fixture, const char *text)
{
    struct rb_err err;
    assert_int_equal(rb_write_all(fixture->job.log_fd, text, strlen(text), &err), 0);
}

static void test_explain(void **state)
{
    static const struct {
        const char *log;
        const char *class_name;
        const char *error;
    } cases[] = {
        {"STEP 2/2: RUN --mount=x a\nReading lists\nE: Unable to locate package b\n"
         "subprocess exited with status 100\nsubprocess exited with status 100\n"
         "Error: building at STEP \"RUN --mount=x a\": exit status 100\n",
         "recipe", "\"RUN a\": exit status 100: Reading lists | E: Unable to locate package b"},
        {"STEP 2/3: RUN a\nof another step\n--> 0123456789a\nSTEP 3/3: COPY b c\n"
         "Error: building at STEP \"COPY b c\": no such file\n",
         "recipe", "\"COPY b c\": no such file"},
        {"STEP 2/2: RUN a\none\ntwo\nthree\nfour\nfive \x1b[1m\n"
         "Error: building at STEP \"RUN a\": exit status 1\n",
         "recipe", "\"RUN a\": exit status 1: two | three | four | five ?[1m"},
        {"STEP 2/2: RUN a\nErr:1 Temporary failure resolving 'mirror.example.com'\n"
         "Error: building at STEP \"RUN a\": exit status 100\n",
         "infrastructure",
         "\"RUN a\": exit status 100: Err:1 Temporary failure resolving 'mirror.example.com'"},
        {"Error: committing container: no space left on device\n", "infrastructure",
         "as it was said"},
        {"STEP 1/1: FROM x\nError: creating build container: x: image not known\n",
         "infrastructure", "as it was said"},
        {"", "infrastructure", "as it was said"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < RB_COUNT_OF(cases); i++) {
        struct rb_err err;
        const char *class_name = NULL;
        (void)rb_err_set(&err, RB_EIO, "as it was said");
        print(fixture, "Error: building at STEP \"of another build\"\n");
        int64_t mark = build_log_mark(&fixture->job);
        print(fixture, cases[i].log);
        assert_int_equal(build_log_explain(&fixture->job, mark, "--mount=x", &class_name, &err),
                         RB_EIO);
        assert_string_equal(err.text, cases[i].error);
        assert_string_equal(class_name, cases[i].class_name);
    }
}

static void test_images(void **state)
{
    struct fixture *fixture = *state;
    RB_CLEANUP(rb_strlist_deinit) struct rb_strlist ids = {0};
    print(fixture, "--> 00000000000\n");
    int64_t mark = build_log_mark(&fixture->job);
    print(fixture, "--> 0123456789a\n--> Using cache 123\n --> 1123456789a\n--> short1\n"
                   "--> 2123456789a \n--> fedcba98765\n");
    build_log_images(&fixture->job, mark, &ids);
    assert_int_equal(ids.count, 2);
    assert_string_equal(ids.items[0], "0123456789a");
    assert_string_equal(ids.items[1], "fedcba98765");
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    const struct CMUnitTest tests[] = {TEST(test_explain), TEST(test_images)};
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
