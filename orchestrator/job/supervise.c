/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runner's watching half. The job itself is carried out by a forked process, so that code which
 * blocks (a clone over a dead link) or crashes can be ended without losing the result:
 *
 *     working ──outcome written, exit──▶ left-overs killed ──▶ kind's clean ──▶ outcome
 *        ├─wish to cancel──▶ TERM passed on ──two graces──▶ KILL ─┤
 *        └─deadline──two graces──▶ KILL ──────────────────────────┘
 *
 * At its deadline the working process ends its step and comes back by itself, so that a kind can
 * put its things right; KILL is for one that does not. The outcome crosses by a memory file, which
 * needs no reader while the work goes on.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "running.h"

enum { CLEAN_MS = 60000 };

/* How a forked process ended. */
struct watch_end {
    int exit_status;
    bool canceled;
    bool killed_late; /* it did not end in time by itself */
};

/* Past the deadline whatever failed did so because it was ended; before it, a time limit that
   passed was somebody else's. */
static const char *class_of(const struct rb_job *job, int status, const char *said)
{
    if (rb_clock_monotonic_ms() >= job->deadline_at)
        return "timeout";
    if (said != NULL)
        return said;
    if (status == RB_EINVALID)
        return "recipe";
    return status == RB_ECANCELED ? "canceled" : "infrastructure";
}

static const char *known_class(const char *name)
{
    static const char *const names[] = {"recipe", "infrastructure", "timeout", "canceled"};
    for (size_t i = 0; i < RB_COUNT_OF(names); i++) {
        if (rb_text_equal(names[i], name))
            return names[i];
    }
    return "infrastructure";
}

static int wishes(void)
{
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &signals, NULL);
    int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    RB_ASSERT(fd >= 0);
    return fd;
}

static json_t *work(struct job_running *running)
{
    RB_CLEANUP_JSON json_t *result = rb_json_object();
    struct rb_err err = {.code = RB_EINTERNAL, .text = "the job failed and does not say why"};
    const char *class_name = NULL;
    json_t *outcome = rb_json_object();
    int status = 0;
    if (running->cgroup != NULL)
        status = job_cgroup_enter(running->cgroup, &err);
    if (status == 0)
        status = running->kind->run(&running->job, result, &class_name, &err);
    rb_json_set_integer(outcome, "status", status);
    if (status == 0) {
        rb_json_set(outcome, "result", rb_steal(&result));
    } else {
        rb_json_set_string(outcome, "error", err.text);
        rb_json_set_string(outcome, "class", class_of(&running->job, status, class_name));
    }
    return outcome;
}

static void carry_out(struct job_running *running, int outcome_fd)
{
    RB_CLEANUP_JSON json_t *outcome = work(running);
    RB_CLEANUP_FREE char *text = rb_json_canonical(outcome);
    struct rb_err err;
    if (rb_write_all(outcome_fd, text, strlen(text), &err) != 0)
        rb_job_log(&running->job, "the outcome is lost: %s", err.text);
    if (running->ledger->count > 0)
        running->ledger->steps[running->ledger->count - 1].ended_ms = rb_clock_monotonic_ms();
}

static void clean(struct job_running *running, int outcome_fd)
{
    (void)outcome_fd;
    (void)close(running->signal_fd); /* whoever canceled wants this done all the same */
    running->signal_fd = -1;
    running->job.deadline_at = rb_clock_monotonic_ms() + CLEAN_MS;
    running->kind->clean(&running->job);
}

/* A process of the runner's own that does one thing. It leaves by exit(3), so that a sanitizer or a
   profiler has its say; there is nothing of the parent's in its streams. */
static pid_t split(struct job_running *running, int outcome_fd,
                   void (*does)(struct job_running *running, int outcome_fd))
{
    pid_t parent = getpid();
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    (void)close(running->signal_fd);
    running->signal_fd = wishes();
    does(running, outcome_fd);
    exit(0);
}

/* Takes all children that have ended; true once the one that we wait for is among them. */
static bool reap(pid_t pid, int *exit_status)
{
    bool found = false;
    int status;
    pid_t ended;
    while ((ended = waitpid(-1, &status, WNOHANG)) > 0) {
        if (ended == pid) {
            *exit_status = status;
            found = true;
        }
    }
    return found;
}

static void watch(struct job_running *running, pid_t pid, int64_t deadline_at, bool may_cancel,
                  struct watch_end *end)
{
    sigset_t child;
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    RB_CLEANUP_CLOSE int child_fd = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    int64_t kill_at = deadline_at + 2 * running->grace_ms;
    *end = (struct watch_end){0};
    RB_ASSERT(child_fd >= 0);
    while (!reap(pid, &end->exit_status)) {
        struct signalfd_siginfo info;
        int64_t left = kill_at - rb_clock_monotonic_ms();
        struct pollfd fds[] = {
            {.fd = child_fd, .events = POLLIN},
            {.fd = may_cancel && !end->canceled ? running->signal_fd : -1, .events = POLLIN}};
        if (left <= 0) {
            end->killed_late = true;
            (void)kill(pid, SIGKILL);
            kill_at = INT64_MAX / 2;
        }
        (void)poll(fds, RB_COUNT_OF(fds), left <= 0 ? -1 : left > 60000 ? 60000 : (int)left);
        while (read(child_fd, &info, sizeof(info)) == sizeof(info))
            ;
        if (fds[1].revents != 0) {
            end->canceled = true;
            (void)kill(pid, SIGTERM);
            int64_t soon = rb_clock_monotonic_ms() + 2 * running->grace_ms;
            kill_at = soon < kill_at ? soon : kill_at;
        }
    }
}

static int fail(struct job_outcome *outcome, int status, const char *class_name)
{
    outcome->status = status;
    outcome->class_name = class_name;
    return status;
}

/* No outcome was written: the process says by its end why. */
static void judge_silence(const struct watch_end *end, struct job_outcome *outcome)
{
    struct rb_err *err = &outcome->err;
    if (end->canceled)
        fail(outcome, rb_err_set(err, RB_ECANCELED, "the job was canceled"), "canceled");
    else if (end->killed_late)
        fail(outcome, rb_err_set(err, RB_ETIMEOUT, "the job's time ran out"), "timeout");
    else if (WIFSIGNALED(end->exit_status))
        fail(outcome,
             rb_err_set(err, RB_EINTERNAL, "the job's own process was ended by signal %d",
                        WTERMSIG(end->exit_status)),
             "infrastructure");
    else
        fail(outcome,
             rb_err_set(err, RB_EINTERNAL, "the job's own process ended with exit code %d",
                        WEXITSTATUS(end->exit_status)),
             "infrastructure");
}

static int read_outcome(int fd, json_t **ret_outcome, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("/proc/self/fd/%d", fd);
    return rb_json_read_file(path, JOB_RESULT_MAXIMUM, ret_outcome, err);
}

static void judge(int outcome_fd, const struct watch_end *end, struct job_outcome *outcome)
{
    RB_CLEANUP_JSON json_t *told = NULL;
    int status = 0;
    if (end->exit_status == 0)
        status = read_outcome(outcome_fd, &told, &outcome->err);
    if (end->exit_status != 0 || (told == NULL && status == RB_EINVALID)) {
        judge_silence(end, outcome);
    } else if (status != 0) {
        fail(outcome, status, "infrastructure");
    } else if ((status = (int)rb_json_get_integer(told, "status", RB_EINTERNAL)) != 0) {
        rb_err_set(&outcome->err, (enum rb_errc)status, "%s",
                   rb_json_get_string(told, "error", ""));
        fail(outcome, status,
             end->canceled ? "canceled" : known_class(rb_json_get_string(told, "class", NULL)));
    } else {
        outcome->result = json_incref(json_object_get(told, "result"));
    }
}

static void sweep(struct job_running *running)
{
    if (running->cgroup != NULL)
        job_cgroup_remove(running->cgroup);
    if (running->kind->contained)
        job_kill_descendants();
}

void job_supervise(struct job_running *running, struct job_outcome *ret_outcome)
{
    struct watch_end end;
    sigset_t child;
    *ret_outcome = (struct job_outcome){0};
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigprocmask(SIG_BLOCK, &child, NULL);
    running->signal_fd = wishes();
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    RB_CLEANUP_CLOSE int outcome_fd = memfd_create("outcome", MFD_CLOEXEC);
    pid_t pid = outcome_fd < 0 ? -1 : split(running, outcome_fd, carry_out);
    if (pid < 0) {
        fail(ret_outcome, rb_err_sys(&ret_outcome->err, errno, "start the job's own process"),
             "infrastructure");
        return;
    }
    watch(running, pid, running->job.deadline_at, true, &end);
    judge(outcome_fd, &end, ret_outcome);
    sweep(running);
    if (running->kind->clean == NULL)
        return;
    pid = split(running, outcome_fd, clean);
    if (pid > 0)
        watch(running, pid, rb_clock_monotonic_ms() + CLEAN_MS, false, &end);
    if (pid < 0 || end.exit_status != 0)
        rb_job_log(&running->job, "cleaning up did not come to its end");
    sweep(running);
}
