/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The local executor: runners as processes of their own that outlive the daemon.
 *
 *     start ──▶ RUNNING ──our child exits──────┐
 *     adopt ──▶ RUNNING ──its pidfd says so────┼──▶ SETTLING ──result read──▶ DONE, freed
 *     adopt ──▶ SEEKING ──there is no runner───┘    (pool thread)
 *                  └──found──▶ RUNNING
 *
 * Settling reads result.json off the loop, since an inventory is large; where there is none it ends
 * what the runner left and removes the scratch folder. A job whose executor is freed is let go of:
 * nothing is reported, and while it settles only its memory waits for the thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rebake/base/file.h"
#include "rebake/base/memory.h"
#include "rebake/loop/process.h"
#include "rebake/loop/state.h"
#include "rebake/loop/timer.h"
#include "rebake/loop/work.h"
#include "running.h"

enum { CANCEL_GRACE_MS = 60000, SEEK_AGAIN_MS = 50, WATCH_AGAIN_MS = 1000 };

enum { SEEKING, RUNNING, SETTLING, DONE };

static const struct rb_state_table STATES = {
    "job",
    4,
    {{"seeking", RB_STATE_BIT(RUNNING) | RB_STATE_BIT(SETTLING)},
     {"running", RB_STATE_BIT(SETTLING)},
     {"settling", RB_STATE_BIT(DONE)},
     {"done", 0}}};

struct rb_executor {
    struct rb_loop *loop;
    char *program;
    int64_t grace_ms;
    struct rb_running_job *jobs;
};

struct rb_running_job {
    struct rb_executor *executor; /* NULL once let go of */
    struct rb_running_job *next;
    unsigned state;
    char *folder;
    pid_t pid;
    uint64_t ticks;
    struct rb_process *process; /* our child */
    struct rb_pid_watch *watch; /* or somebody else's */
    struct rb_timer *timer;     /* the grace of a cancel, or the next look for a runner */
    int signal;                 /* that ended our child */
    bool canceled;
    json_t *result; /* by the pool thread while settling */
    rb_job_done_cb *done;
    void *context;
};

static void free_job(struct rb_running_job *job)
{
    rb_timer_free(job->timer);
    rb_pid_watch_free(job->watch);
    json_decref(job->result);
    rb_free(job->folder);
    rb_free(job);
}

static void unlink_job(struct rb_running_job *job)
{
    struct rb_running_job **at = &job->executor->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->executor = NULL;
}

/* Pool thread. */
static void clear_remains(const struct rb_running_job *job)
{
    RB_CLEANUP_FREE char *scratch = rb_asprintf("%s/scratch", job->folder);
    job_kill_marked(job->folder);
    /* What cannot be removed is the business of the next job in this folder, which says so. */
    int ignored = rb_tree_remove(scratch, NULL);
    (void)ignored;
}

/* Pool thread. */
static void settle(void *context)
{
    struct rb_running_job *job = context;
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/result.json", job->folder);
    struct rb_err err;
    if (!rb_file_exists(path)) {
        clear_remains(job);
        char text[128] = "the runner was killed before it could end the job";
        if (job->signal != 0)
            (void)snprintf(text, sizeof(text), "the runner was ended by signal %d", job->signal);
        if (job->canceled || job->signal != 0) {
            job->result =
                job_result_lost(job->folder, job->canceled ? "canceled" : "infrastructure", text);
            return;
        }
    }
    if (rb_job_result(job->folder, &job->result, &err) != 0)
        job->result = job_result_lost(job->folder, "infrastructure", err.text);
}

static void settled(void *context)
{
    struct rb_running_job *job = context;
    rb_state_move(&STATES, &job->state, DONE);
    if (job->executor != NULL) {
        unlink_job(job);
        job->done(job->context, job->result);
    }
    free_job(job);
}

static void ended(struct rb_running_job *job)
{
    rb_state_move(&STATES, &job->state, SETTLING);
    rb_timer_stop(job->timer);
    rb_work_queue(job->executor->loop, settle, settled, job);
}

static void child_ended(void *context, const struct rb_process_result *result)
{
    struct rb_running_job *job = context;
    job->process = NULL;
    job->signal = result->signal;
    ended(job);
}

static void adopted_ended(void *context)
{
    ended(context);
}

/* The number is the job's only as long as the process that started then is there. */
static bool is_present(const struct rb_running_job *job)
{
    return job->pid > 0 && rb_process_started_ticks(job->pid) == job->ticks;
}

static void signal_job(const struct rb_running_job *job, int number)
{
    if (is_present(job))
        (void)kill(-job->pid, number);
}

static void send_cancel(struct rb_running_job *job)
{
    signal_job(job, SIGTERM);
    rb_timer_start(job->timer, job->executor->grace_ms, 0);
}

/* True when the runner is there and watched from now on; false when it has ended, or when it cannot
   be watched for the moment and *ret_again is set. */
static bool take_up(struct rb_running_job *job, bool *ret_again)
{
    struct rb_err err;
    if (!is_present(job))
        return false;
    if (rb_pid_watch_start(job->executor->loop, job->pid, adopted_ended, job, &job->watch, &err) !=
        0) {
        *ret_again = err.system != ESRCH;
        return false;
    }
    if (is_present(job))
        return true;
    /* It ended, and its number may have gone on, before the watch was in hand. */
    rb_pid_watch_free(job->watch);
    job->watch = NULL;
    return false;
}

/* An executor that was killed just after it started a runner could not note its number: the runner
   itself has left it in its folder. */
static void read_runner(struct rb_running_job *job)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/runner.json", job->folder);
    RB_CLEANUP_JSON json_t *runner = NULL;
    if (rb_json_read_file(path, JOB_RUNNER_MAXIMUM, &runner, NULL) != 0)
        return;
    job->pid = (pid_t)rb_json_get_integer(runner, "pid", 0);
    job->ticks = (uint64_t)rb_json_get_integer(runner, "ticks", 0);
}

/* No runner is known. Takes the spec away from one that has not opened it yet; false when one holds
   it already and will say who it is. */
static bool withdraw_spec(const struct rb_running_job *job)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/spec.json", job->folder);
    RB_CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return false;
    (void)unlink(path);
    return true;
}

static void seek(struct rb_running_job *job)
{
    bool again = false;
    if (job->pid <= 0)
        read_runner(job);
    if (take_up(job, &again)) {
        rb_state_move(&STATES, &job->state, RUNNING);
        if (job->canceled)
            send_cancel(job);
    } else if (again) {
        rb_timer_start(job->timer, WATCH_AGAIN_MS, 0);
    } else if (job->pid <= 0 && !withdraw_spec(job)) {
        rb_timer_start(job->timer, SEEK_AGAIN_MS, 0);
    } else {
        ended(job);
    }
}

static void timer_fired(void *context)
{
    struct rb_running_job *job = context;
    if (job->state == SEEKING)
        seek(job);
    else
        signal_job(job, SIGKILL);
}

static struct rb_running_job *new_job(struct rb_executor *executor, const char *folder,
                                      unsigned state, rb_job_done_cb *done, void *context)
{
    struct rb_running_job *job = rb_zalloc(sizeof(*job));
    job->executor = executor;
    job->folder = rb_strdup(folder);
    job->state = state;
    job->done = done;
    job->context = context;
    job->timer = rb_timer_new(executor->loop, timer_fired, job);
    job->next = executor->jobs;
    executor->jobs = job;
    return job;
}

struct rb_executor *rb_executor_new(struct rb_loop *loop, const char *program)
{
    struct rb_executor *executor = rb_zalloc(sizeof(*executor));
    executor->loop = loop;
    executor->program = rb_strdup(program);
    executor->grace_ms = CANCEL_GRACE_MS;
    return executor;
}

void rb_executor_free(struct rb_executor *executor)
{
    if (executor == NULL)
        return;
    while (executor->jobs != NULL) {
        struct rb_running_job *job = executor->jobs;
        unlink_job(job);
        if (job->state == SETTLING)
            continue; /* the pool thread holds it */
        if (job->process != NULL)
            rb_process_forget(job->process);
        free_job(job);
    }
    rb_free(executor->program);
    rb_free(executor);
}

int rb_executor_running(const struct rb_executor *executor)
{
    int count = 0;
    for (const struct rb_running_job *job = executor->jobs; job != NULL; job = job->next)
        count++;
    return count;
}

void rb_executor_set_grace(struct rb_executor *executor, int64_t grace_ms)
{
    executor->grace_ms = grace_ms;
}

/* What an earlier run in this folder left must not pass for this one's. */
static int remove_old(const char *folder, const char *name, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/%s", folder, name);
    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    return rb_err_sys(err, errno, "remove %s", path);
}

static int prepare(const char *folder, const char *spec_path, const json_t *spec, int *ret_log_fd,
                   struct rb_err *err)
{
    RB_CLEANUP_FREE char *log = rb_asprintf("%s/log", folder);
    int status = rb_folder_make(folder, 0700, err);
    if (status == 0)
        status = remove_old(folder, "result.json", err);
    if (status == 0)
        status = remove_old(folder, "runner.json", err);
    if (status == 0)
        status = rb_json_write_file(spec_path, spec, 0600, err);
    if (status == 0)
        status = job_log_open(log, ret_log_fd, err);
    return status;
}

int rb_executor_start(struct rb_executor *executor, const char *folder, const json_t *spec,
                      rb_job_done_cb *done, void *context, struct rb_running_job **ret_job,
                      int64_t *ret_pid, int64_t *ret_ticks, struct rb_err *err)
{
    RB_CLEANUP_FREE char *spec_path = rb_asprintf("%s/spec.json", folder);
    RB_CLEANUP_CLOSE int log_fd = -1;
    int status = prepare(folder, spec_path, spec, &log_fd, err);
    if (status != 0)
        return rb_err_wrap(err, "start a job");
    const char *arguments[] = {executor->program, "job", "run", spec_path, NULL};
    const struct rb_process_options options = {
        .arguments = arguments, .folder = folder, .log_fd = log_fd, .outlives = true};
    struct rb_running_job *job = new_job(executor, folder, RUNNING, done, context);
    status = rb_process_start(executor->loop, &options, child_ended, job, &job->process, err);
    if (status != 0) {
        unlink_job(job);
        free_job(job);
        return status;
    }
    job->pid = rb_process_pid(job->process);
    job->ticks = rb_process_started_ticks(job->pid);
    *ret_job = job;
    *ret_pid = job->pid;
    *ret_ticks = (int64_t)job->ticks;
    return 0;
}

int rb_executor_adopt(struct rb_executor *executor, const char *folder, int64_t pid, int64_t ticks,
                      rb_job_done_cb *done, void *context, struct rb_running_job **ret_job,
                      struct rb_err *err)
{
    struct rb_running_job *job = new_job(executor, folder, SEEKING, done, context);
    (void)err;
    job->pid = (pid_t)pid;
    job->ticks = (uint64_t)ticks;
    rb_timer_start(job->timer, 0, 0);
    *ret_job = job;
    return 0;
}

void rb_executor_cancel(struct rb_running_job *job)
{
    if (job->canceled || job->state > RUNNING)
        return;
    job->canceled = true;
    if (job->state == RUNNING)
        send_cancel(job);
}
