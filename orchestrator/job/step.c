/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs that a job's steps run. They are started here and not by loop/process because a step
 * blocks, and because it must end with its job: a step's program is killed by the kernel when the
 * runner is (PR_SET_PDEATHSIG), where the daemon's children may outlive it.
 *
 *     start ──▶ running ──exit──▶ rest of its group killed ──▶ output read to its end ──▶ judged
 *                  └─time over, canceled, too much output──▶ TERM ──grace──▶ KILL ─┘
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "running.h"

enum {
    TAIL_SIZE = 4096,
    TAIL_LINES = 3,
    TAIL_LINE = 400,
    TAIL_TEXT = 800, /* of the error's room */
    READ_BLOCK = 16384,
    REST_MAXIMUM = 1 << 20, /* read after the exit, from what still holds the pipe */
};

struct step_child {
    pid_t pid;
    int exit_fd;   /* readable once the child has exited */
    int log_fd;    /* what it prints for the log */
    int output_fd; /* what it prints for us, or -1 */
    struct rb_strbuf *output;
    char tail[TAIL_SIZE]; /* the end of what went to the log */
    size_t tail_size;
    int log_status;
};

static struct job_running *running_of(struct rb_job *job)
{
    return rb_container_of(job, struct job_running, job);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void rb_job_step(struct rb_job *job, const char *name)
{
    struct job_ledger *ledger = running_of(job)->ledger;
    int64_t now = rb_clock_monotonic_ms();
    RB_ASSERT(ledger->count < JOB_STEPS_MAXIMUM);
    if (ledger->count > 0)
        ledger->steps[ledger->count - 1].ended_ms = now;
    (void)snprintf(ledger->steps[ledger->count].name, JOB_STEP_NAME_SIZE, "%s", name);
    ledger->steps[ledger->count].started_at = rb_clock_now(&rb_clock_system);
    ledger->steps[ledger->count].started_ms = now;
    ledger->count++;
    rb_job_log(job, "==> %s", name);
}

int rb_job_wait(struct rb_job *job, int64_t delay_ms, struct rb_err *err)
{
    struct job_running *running = running_of(job);
    int64_t until = least(rb_clock_monotonic_ms() + delay_ms, job->deadline_at);
    struct pollfd wish = {.fd = running->signal_fd, .events = POLLIN};
    while (!running->canceled) {
        int64_t left = until - rb_clock_monotonic_ms();
        int ready = poll(&wish, 1, left > 0 ? (int)least(left, 60000) : 0);
        if (ready > 0)
            running->canceled = true;
        else if (left <= 0)
            break;
    }
    if (running->canceled)
        return rb_err_set(err, RB_ECANCELED, "the job was canceled");
    if (rb_clock_monotonic_ms() >= job->deadline_at)
        return rb_err_set(err, RB_ETIMEOUT, "the job's time ran out");
    return 0;
}

int rb_job_check(struct rb_job *job, struct rb_err *err)
{
    return rb_job_wait(job, 0, err);
}

/* Between fork and exec: only what is async-signal-safe. */
static _Noreturn void become(const struct job_running *running, const char *const *arguments,
                             pid_t parent, int output, int log, int failure)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY);
    (void)sigemptyset(&none);
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(127);
    (void)signal(SIGPIPE, SIG_DFL);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
        dup2(log, STDERR_FILENO) >= 0 && sigprocmask(SIG_SETMASK, &none, NULL) == 0)
        (void)execvpe(arguments[0], (char *const *)(uintptr_t)arguments,
                      running->environment.items);
    int number = errno;
    ssize_t told = write(failure, &number, sizeof(number));
    _exit(told == sizeof(number) ? 127 : 126);
}

struct step_pipes {
    int log[2];
    int output[2];
    int failure[2];
};

static void close_pipe(int pipe_fds[2])
{
    for (int i = 0; i < 2; i++) {
        if (pipe_fds[i] >= 0)
            (void)close(pipe_fds[i]);
        pipe_fds[i] = -1;
    }
}

static void close_pipes(struct step_pipes *pipes)
{
    close_pipe(pipes->log);
    close_pipe(pipes->output);
    close_pipe(pipes->failure);
}

static int take_end(int pipe_fds[2])
{
    int fd = pipe_fds[0];
    pipe_fds[0] = -1;
    return fd;
}

/* The failure pipe closes by itself when the program is there; else it carries errno. */
static int await_program(const struct step_pipes *pipes, pid_t pid, const char *program,
                         struct rb_err *err)
{
    int number = 0;
    ssize_t got;
    do
        got = read(pipes->failure[0], &number, sizeof(number));
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return 0;
    (void)waitpid(pid, NULL, 0);
    return rb_err_sys(err, got == sizeof(number) ? number : EIO, "run %s", program);
}

static int start(struct job_running *running, const char *const *arguments,
                 struct rb_strbuf *output, struct step_child *child, struct rb_err *err)
{
    RB_CLEANUP(close_pipes) struct step_pipes pipes = {{-1, -1}, {-1, -1}, {-1, -1}};
    pid_t parent = getpid();
    if (pipe2(pipes.log, O_CLOEXEC) != 0 || pipe2(pipes.failure, O_CLOEXEC) != 0 ||
        (output != NULL && pipe2(pipes.output, O_CLOEXEC) != 0))
        return rb_err_sys(err, errno, "make a pipe");
    pid_t pid = fork();
    if (pid < 0)
        return rb_err_sys(err, errno, "start %s", arguments[0]);
    if (pid == 0)
        become(running, arguments, parent, output != NULL ? pipes.output[1] : pipes.log[1],
               pipes.log[1], pipes.failure[1]);
    (void)setpgid(pid, pid); /* by both, so that neither is late */
    (void)close(pipes.failure[1]);
    pipes.failure[1] = -1;
    int status = await_program(&pipes, pid, arguments[0], err);
    if (status != 0)
        return status;
    *child = (struct step_child){.pid = pid, .output_fd = -1, .output = output};
    child->exit_fd = (int)syscall(SYS_pidfd_open, pid, 0);
    RB_ASSERT(child->exit_fd >= 0);
    child->log_fd = take_end(pipes.log);
    (void)fcntl(child->log_fd, F_SETFL, O_NONBLOCK);
    if (output != NULL) {
        child->output_fd = take_end(pipes.output);
        (void)fcntl(child->output_fd, F_SETFL, O_NONBLOCK);
    }
    return 0;
}

static void keep_tail(struct step_child *child, const char *data, size_t size)
{
    if (size > TAIL_SIZE) {
        data += size - TAIL_SIZE;
        size = TAIL_SIZE;
    }
    size_t kept = child->tail_size > TAIL_SIZE - size ? TAIL_SIZE - size : child->tail_size;
    memmove(child->tail, child->tail + child->tail_size - kept, kept);
    memcpy(child->tail + kept, data, size);
    child->tail_size = kept + size;
}

/* One read; the number of bytes, 0 when there is nothing now. The pipe is closed at its end. */
static size_t pump(struct job_running *running, struct step_child *child, int *fd,
                   struct rb_err *err)
{
    char block[READ_BLOCK];
    if (*fd < 0)
        return 0;
    ssize_t got = read(*fd, block, sizeof(block));
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0) {
        (void)close(*fd);
        *fd = -1;
        return 0;
    }
    if (fd == &child->output_fd) {
        rb_strbuf_append(child->output, block, (size_t)got);
    } else {
        keep_tail(child, block, (size_t)got);
        if (child->log_status == 0)
            child->log_status = job_log_write(running->job.log_fd, block, (size_t)got, err);
    }
    return (size_t)got;
}

/* Why the child has to end now, or 0. */
static int reason_to_stop(struct job_running *running, const struct step_child *child,
                          const char *what, struct rb_err *err)
{
    if (child->log_status != 0)
        return child->log_status;
    if (child->output != NULL && child->output->overflowed)
        return rb_err_set(err, RB_ELIMIT, "%s: it printed more than %zu bytes", what,
                          child->output->maximum);
    int status = rb_job_check(&running->job, err);
    return status == 0 ? 0 : rb_err_wrap(err, "%s", what);
}

/* Until the child has exited. Returns why it was stopped, or 0. */
static int follow(struct job_running *running, struct step_child *child, const char *what,
                  struct rb_err *err)
{
    int stopped = 0;
    int64_t kill_at = INT64_MAX;
    for (;;) {
        if (stopped == 0 && (stopped = reason_to_stop(running, child, what, err)) != 0) {
            (void)kill(-child->pid, SIGTERM);
            kill_at = rb_clock_monotonic_ms() + running->grace_ms;
        } else if (rb_clock_monotonic_ms() >= kill_at) {
            (void)kill(-child->pid, SIGKILL);
            kill_at = INT64_MAX;
        }
        int64_t wake_at = stopped == 0 ? running->job.deadline_at : kill_at;
        int64_t left = wake_at - rb_clock_monotonic_ms();
        struct pollfd fds[] = {{.fd = child->exit_fd, .events = POLLIN},
                               {.fd = child->log_fd, .events = POLLIN},
                               {.fd = child->output_fd, .events = POLLIN},
                               {.fd = stopped == 0 ? running->signal_fd : -1, .events = POLLIN}};
        (void)poll(fds, RB_COUNT_OF(fds), left > 0 ? (int)least(left, 60000) : 0);
        pump(running, child, &child->log_fd, stopped == 0 ? err : NULL);
        pump(running, child, &child->output_fd, NULL);
        if (fds[0].revents != 0)
            return stopped;
    }
}

/* What the group left running is killed before its number can be given to another. */
static int reap(struct job_running *running, struct step_child *child, struct rb_err *err)
{
    siginfo_t info;
    int exit_status = 0;
    size_t rest = 0, got = 1;
    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    (void)kill(-child->pid, SIGKILL);
    while (waitpid(child->pid, &exit_status, 0) < 0 && errno == EINTR)
        ;
    for (; got > 0 && rest < REST_MAXIMUM; rest += got)
        got = pump(running, child, &child->log_fd, err);
    for (got = 1; got > 0 && child->output_fd >= 0;)
        got = child->output->overflowed ? 0 : pump(running, child, &child->output_fd, err);
    (void)close(child->exit_fd);
    if (child->log_fd >= 0)
        (void)close(child->log_fd);
    if (child->output_fd >= 0)
        (void)close(child->output_fd);
    return exit_status;
}

/* The last lines that say something, oldest first, as one. */
static void last_lines(const struct step_child *child, char *out, size_t out_size)
{
    RB_CLEANUP_FREE char *text = rb_strndup(child->tail, child->tail_size);
    const char *lines[TAIL_LINES];
    size_t count = 0, used = 0;
    for (char *end = text + strlen(text); end > text && count < TAIL_LINES;) {
        char *start = memrchr(text, '\n', (size_t)(end - text));
        char *line = start != NULL ? start + 1 : text;
        *end = '\0';
        if (line[strspn(line, " \t\r")] != '\0')
            lines[count++] = line;
        end = start != NULL ? start : text;
    }
    out[0] = '\0';
    while (count > 0 && used + 1 < out_size) {
        char line[TAIL_LINE];
        rb_text_printable(lines[--count], line, sizeof(line));
        used +=
            (size_t)snprintf(out + used, out_size - used, "%s%s", used == 0 ? ": " : " | ", line);
    }
}

static int judge(const struct step_child *child, int exit_status, const char *what,
                 struct rb_err *err)
{
    char reason[TAIL_TEXT];
    if (child->log_status != 0)
        return child->log_status;
    if (child->output != NULL && child->output->overflowed)
        return rb_err_set(err, RB_ELIMIT, "%s: it printed more than %zu bytes", what,
                          child->output->maximum);
    if (exit_status == 0)
        return 0;
    last_lines(child, reason, sizeof(reason));
    if (WIFSIGNALED(exit_status))
        return rb_err_set(err, RB_EIO, "%s: ended by signal %d%s", what, WTERMSIG(exit_status),
                          reason);
    return rb_err_set(err, RB_EIO, "%s: exit code %d%s", what, WEXITSTATUS(exit_status), reason);
}

static void log_command(struct rb_job *job, const char *const *arguments)
{
    struct rb_strbuf line = RB_STRBUF_INIT(8192);
    for (size_t i = 0; arguments[i] != NULL; i++)
        rb_strbuf_printf(&line, " %s", arguments[i]);
    rb_job_log(job, "+%s", rb_strbuf_text(&line));
    rb_strbuf_deinit(&line);
}

static int run(struct rb_job *job, const char *const *arguments, struct rb_strbuf *output,
               const char *what, struct rb_err *err)
{
    struct job_running *running = running_of(job);
    struct step_child child = {0};
    int status = rb_job_check(job, err);
    if (status != 0)
        return rb_err_wrap(err, "%s", what);
    log_command(job, arguments);
    status = start(running, arguments, output, &child, err);
    if (status != 0)
        return rb_err_wrap(err, "%s", what);
    status = follow(running, &child, what, err);
    int exit_status = reap(running, &child, status == 0 ? err : NULL);
    return status != 0 ? status : judge(&child, exit_status, what, err);
}

int rb_job_run(struct rb_job *job, const char *const *arguments, const char *what,
               struct rb_err *err)
{
    return run(job, arguments, NULL, what, err);
}

int rb_job_capture(struct rb_job *job, const char *const *arguments, size_t maximum,
                   char **ret_output, const char *what, struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf output = RB_STRBUF_INIT(maximum);
    int status = run(job, arguments, &output, what, err);
    if (status == 0)
        *ret_output = rb_strbuf_steal(&output);
    return status;
}
