/* SPDX-License-Identifier: Apache-2.0 */
#include "kinds.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"

static int shell(struct rb_job *job, const char *script, struct rb_err *err)
{
    const char *arguments[] = {"sh", "-c", script, "sh", job->folder, NULL};
    return rb_job_run(job, arguments, "the script", err);
}

static int succeed(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)ret_class;
    const char *arguments[] = {"sh", "-c", "env | sort; echo to the log >&2", NULL};
    RB_CLEANUP_FREE char *output = NULL;
    rb_job_step(job, "look");
    int status = rb_job_capture(job, arguments, 65536, &output, "the look", err);
    if (status != 0)
        return status;
    rb_job_step(job, "write");
    status = shell(job, "echo hello; touch \"$TMPDIR/left\"; pwd", err);
    rb_job_log(job, "from https://user:word@git.example.com/shop.git");
    rb_json_set_string(result, "environment", output);
    return status;
}

static int break_down(struct rb_job *job, json_t *result, const char **ret_class,
                      struct rb_err *err)
{
    (void)result;
    rb_job_step(job, "before");
    rb_job_step(job, "break");
    *ret_class = rb_json_get_string(job->spec, "class", NULL) != NULL ? "recipe" : NULL;
    return shell(job, "echo first; echo second; echo; printf 'https://u:p@x/ third\\n' >&2; exit 3",
                 err);
}

static int refuse(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)job;
    (void)result;
    (void)ret_class;
    return rb_err_set(err, RB_EINVALID, "line 3: not a thing to do");
}

static int hang(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "hang");
    return shell(job, "echo $$ > \"$1/ready\"; exec sleep 1000", err);
}

static int deaf(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "deaf");
    return shell(job, "trap '' TERM; echo $$ > \"$1/ready\"; while :; do sleep 1000; done", err);
}

/* Busy in this process, without an ear for anything. */
static int stuck(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/ready", job->folder);
    rb_job_step(job, "stuck");
    FILE *stream = fopen(path, "w");
    if (stream == NULL)
        return rb_err_sys(err, errno, "open %s", path);
    (void)fprintf(stream, "%d\n", (int)getpid());
    (void)fclose(stream);
    for (;;)
        (void)pause();
}

static int crash(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "crash");
    (void)raise(SIGKILL);
    return rb_err_set(err, RB_EINTERNAL, "not reached");
}

static int scatter(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "scatter");
    return shell(job,
                 "sh -c 'echo $$ > \"$1/group\"; exec sleep 1000' sh \"$1\" & "
                 "setsid sh -c 'echo $$ > \"$1/session\"; exec sleep 1000' sh \"$1\" & "
                 "wait_for() { while [ ! -s \"$1\" ]; do :; done; }; "
                 "wait_for \"$1/group\"; wait_for \"$1/session\"",
                 err);
}

/* The same, and then it stays. */
static int scatter_and_hang(struct rb_job *job, json_t *result, const char **ret_class,
                            struct rb_err *err)
{
    int status = scatter(job, result, ret_class, err);
    return status != 0 ? status : hang(job, result, ret_class, err);
}

static int talk(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "talk");
    return shell(job, "yes 'a line of many' | head -c 70000000", err);
}

static int flood(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    const char *arguments[] = {"yes", NULL};
    RB_CLEANUP_FREE char *output = NULL;
    return rb_job_capture(job, arguments, 100000, &output, "the flood", err);
}

static int absent(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    const char *arguments[] = {"no-such-program", NULL};
    return rb_job_run(job, arguments, "the tool", err);
}

static int wait_long(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err)
{
    (void)result;
    (void)ret_class;
    rb_job_step(job, "wait");
    int status = rb_job_wait(job, 10, err);
    return status != 0 ? status : rb_job_wait(job, 1000000, err);
}

static void clean(struct rb_job *job)
{
    int ignored = shell(job, "ls \"$TMPDIR\" > \"$1/cleaned\"", NULL);
    (void)ignored;
}

static const struct rb_job_kind KINDS[] = {
    {.name = "succeed", .run = succeed, .contained = true},
    {.name = "fail", .run = break_down},
    {.name = "refuse", .run = refuse},
    {.name = "hang", .run = hang, .clean = clean, .contained = true},
    {.name = "deaf", .run = deaf, .clean = clean},
    {.name = "stuck", .run = stuck, .clean = clean},
    {.name = "crash", .run = crash, .clean = clean},
    {.name = "scatter", .run = scatter, .contained = true},
    {.name = "scatter-open", .run = scatter},
    {.name = "scatter-hang", .run = scatter_and_hang, .contained = true},
    {.name = "talk", .run = talk},
    {.name = "flood", .run = flood},
    {.name = "absent", .run = absent},
    {.name = "wait", .run = wait_long},
};

bool kinds_are_asked_for(int argc, char **argv, int *ret_exit)
{
    const struct rb_job_kind *kinds[RB_COUNT_OF(KINDS) + 1] = {0};
    for (size_t i = 0; i < RB_COUNT_OF(KINDS); i++)
        kinds[i] = &KINDS[i];
    if (argc != 4 || strcmp(argv[1], "job") != 0 || strcmp(argv[2], "run") != 0)
        return false;
    *ret_exit = rb_job_main(argv[3], kinds);
    return true;
}

char *make_folder(void)
{
    char *folder = NULL;
    struct rb_err err;
    assert_int_equal(rb_folder_make_temporary("/tmp/rebake-test-job-", &folder, &err), 0);
    return folder;
}

json_t *make_spec(const char *kind, int timeout_s)
{
    json_t *spec = rb_json_object();
    rb_json_set_integer(spec, "version", 1);
    rb_json_set_string(spec, "kind", kind);
    rb_json_set_integer(spec, "timeoutSeconds", timeout_s);
    rb_json_set_integer(spec, "graceSeconds", 1);
    return spec;
}

void make_fifo(const char *folder, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    assert_int_equal(mkfifo(path, 0600), 0);
}

pid_t read_fifo(const char *folder, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    int pid = 0;
    assert_int_equal(fscanf(stream, "%d", &pid), 1);
    (void)fclose(stream);
    return (pid_t)pid;
}

pid_t read_number(const char *folder, const char *name)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    RB_CLEANUP_FREE char *text = NULL;
    assert_int_equal(rb_file_read(path, 64, &text, NULL, NULL), 0);
    return (pid_t)strtol(text, NULL, 10);
}

void await_gone(pid_t pid)
{
    RB_CLEANUP_CLOSE int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd end = {.fd = fd, .events = POLLIN};
    if (fd >= 0)
        assert_int_equal(poll(&end, 1, 20000), 1);
}

void assert_text(const json_t *result, const char *member, const char *expected)
{
    assert_non_null(result);
    assert_string_equal(rb_json_get_string(result, member, "(none)"), expected);
}

void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

char *read_log(const char *folder)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/log", folder);
    char *log = NULL;
    struct rb_err err;
    assert_int_equal(rb_file_read(path, 100 << 20, &log, NULL, &err), 0);
    return log;
}
