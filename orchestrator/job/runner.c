/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake job run SPEC`: one job from its spec to its result. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rebake/base/clock.h"
#include "rebake/base/file.h"
#include "rebake/base/log.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/loop/process.h"
#include "running.h"

enum { TIMEOUT_MAXIMUM_S = 7 * 24 * 3600, GRACE_S = 5, GRACE_MAXIMUM_S = 600 };

struct runner {
    struct job_running running;
    char *spec_path;
    char *folder;
    char *scratch;
    json_t *spec;
    int lock_fd; /* the spec, locked: one runner at a time */
    int64_t timeout_ms;
};

static void deinit_runner(struct runner *runner)
{
    rb_strlist_deinit(&runner->running.environment);
    rb_free(runner->running.cgroup);
    if (runner->running.ledger != NULL)
        (void)munmap(runner->running.ledger, sizeof(*runner->running.ledger));
    if (runner->running.job.log_fd >= 0)
        (void)close(runner->running.job.log_fd);
    if (runner->running.signal_fd >= 0)
        (void)close(runner->running.signal_fd);
    if (runner->lock_fd >= 0)
        (void)close(runner->lock_fd);
    json_decref(runner->spec);
    rb_free(runner->scratch);
    rb_free(runner->folder);
    rb_free(runner->spec_path);
}

static int locate(struct runner *runner, const char *spec_path, struct rb_err *err)
{
    char *path = realpath(spec_path, NULL);
    if (path == NULL)
        return rb_err_sys(err, errno, "open %s", spec_path);
    runner->spec_path = path;
    runner->folder = rb_strdup(path);
    *strrchr(runner->folder, '/') = '\0';
    runner->lock_fd = open(path, O_RDONLY | O_CLOEXEC);
    if (runner->lock_fd < 0)
        return rb_err_sys(err, errno, "open %s", path);
    if (flock(runner->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return rb_err_set(err, RB_EBUSY, "%s: another runner carries this job out", path);
    /* An executor that gave up waiting for us takes the spec away. */
    struct stat held, named;
    if (fstat(runner->lock_fd, &held) != 0 || stat(path, &named) != 0 ||
        held.st_ino != named.st_ino)
        return rb_err_set(err, RB_ECANCELED, "%s: it was withdrawn", path);
    return 0;
}

static int bounded_seconds(const struct runner *runner, const char *member, int64_t value,
                           int64_t maximum, int64_t *ret_ms, struct rb_err *err)
{
    if (value < 1 || value > maximum)
        return rb_err_set(err, RB_EINVALID, "%s: \"%s\" must be from 1 to %lld", runner->spec_path,
                          member, (long long)maximum);
    *ret_ms = value * 1000;
    return 0;
}

static int choose_kind(struct runner *runner, const char *name,
                       const struct rb_job_kind *const *kinds, struct rb_err *err)
{
    for (size_t i = 0; kinds[i] != NULL; i++) {
        if (strcmp(kinds[i]->name, name) == 0) {
            runner->running.kind = kinds[i];
            return 0;
        }
    }
    return rb_err_set(err, RB_EINVALID, "%s: this runner knows no kind of job \"%.40s\"",
                      runner->spec_path, name);
}

static int read_spec(struct runner *runner, const struct rb_job_kind *const *kinds,
                     struct rb_err *err)
{
    const char *what = runner->spec_path, *kind;
    int64_t version, timeout_s;
    int status = rb_json_read_file(what, JOB_SPEC_MAXIMUM, &runner->spec, err);
    if (status == 0)
        status = rb_json_want_integer(runner->spec, what, "version", &version, err);
    if (status == 0 && version != 1)
        status = rb_err_set(err, RB_EINVALID, "%s: version %lld; this runner knows version 1", what,
                            (long long)version);
    if (status == 0)
        status = rb_json_want_string(runner->spec, what, "kind", &kind, err);
    if (status == 0)
        status = choose_kind(runner, kind, kinds, err);
    if (status == 0)
        status = rb_json_want_integer(runner->spec, what, "timeoutSeconds", &timeout_s, err);
    if (status == 0)
        status = bounded_seconds(runner, "timeoutSeconds", timeout_s, TIMEOUT_MAXIMUM_S,
                                 &runner->timeout_ms, err);
    if (status == 0)
        status = bounded_seconds(runner, "graceSeconds",
                                 rb_json_get_integer(runner->spec, "graceSeconds", GRACE_S),
                                 GRACE_MAXIMUM_S, &runner->running.grace_ms, err);
    return status;
}

/* For an executor that could not note who was started (executor.c). */
static int sign(const struct runner *runner, struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/runner.json", runner->folder);
    RB_CLEANUP_JSON json_t *self = rb_json_object();
    rb_json_set_integer(self, "pid", getpid());
    rb_json_set_integer(self, "ticks", (json_int_t)rb_process_started_ticks(getpid()));
    return rb_json_write_file(path, self, 0600, err);
}

/* What an earlier run left must not pass for this one's. */
static int prepare_folder(struct runner *runner, struct rb_err *err)
{
    RB_CLEANUP_FREE char *result = rb_asprintf("%s/result.json", runner->folder);
    RB_CLEANUP_FREE char *log = rb_asprintf("%s/log", runner->folder);
    int status = 0;
    if (unlink(result) != 0 && errno != ENOENT)
        status = rb_err_sys(err, errno, "remove %s", result);
    if (status == 0)
        status = job_log_open(log, &runner->running.job.log_fd, err);
    runner->scratch = rb_asprintf("%s/scratch", runner->folder);
    if (status == 0)
        status = rb_tree_remove(runner->scratch, err);
    if (status == 0)
        status = rb_folder_make(runner->scratch, 0700, err);
    return status;
}

static int prepare_running(struct runner *runner, struct rb_err *err)
{
    struct job_running *running = &runner->running;
    struct rb_job *job = &running->job;
    const char *reason = NULL;
    job->folder = runner->folder;
    job->scratch = runner->scratch;
    job->spec = runner->spec;
    job->deadline_at = rb_clock_monotonic_ms() + runner->timeout_ms;
    running->ledger = mmap(NULL, sizeof(*running->ledger), PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (running->ledger == MAP_FAILED) {
        running->ledger = NULL;
        return rb_err_sys(err, errno, "share the list of steps");
    }
    job_environment(job, running->kind->contained, &running->environment);
    if (running->kind->contained)
        running->cgroup = job_cgroup_make(runner->folder, &reason);
    char at[RB_TIME_TEXT_SIZE];
    rb_job_log(job, "%s job started at %s, process %d, cgroup %s%s%s", running->kind->name,
               rb_time_format(rb_clock_now(&rb_clock_system), at), (int)getpid(),
               running->cgroup != NULL ? running->cgroup : "none", reason != NULL ? ": " : "",
               reason != NULL ? reason : "");
    return 0;
}

static int finish(struct runner *runner, const struct job_outcome *outcome, int64_t started_at,
                  struct rb_err *err)
{
    RB_CLEANUP_FREE char *path = rb_asprintf("%s/result.json", runner->folder);
    struct rb_job *job = &runner->running.job;
    struct rb_err left;
    if (rb_tree_remove(runner->scratch, &left) != 0)
        rb_job_log(job, "the scratch folder could not be removed: %s", left.text);
    if (outcome->status != 0)
        rb_job_log(job, "the job failed (%s): %s", outcome->class_name, outcome->err.text);
    RB_CLEANUP_JSON json_t *result = job_result_make(&runner->running, outcome, started_at);
    return rb_json_write_file(path, result, 0600, err);
}

static int refuse(const struct rb_err *err)
{
    rb_log(RB_LOG_ERROR, "the job cannot be run", "error", err->text, NULL);
    return 2;
}

int rb_job_main(const char *spec_path, const struct rb_job_kind *const *kinds)
{
    RB_CLEANUP(deinit_runner)
    struct runner runner = {.running = {.job = {.log_fd = -1}, .signal_fd = -1}, .lock_fd = -1};
    struct job_outcome outcome;
    struct rb_err err;
    int64_t started_at = rb_clock_now(&rb_clock_system);
    if (locate(&runner, spec_path, &err) != 0 || sign(&runner, &err) != 0 ||
        read_spec(&runner, kinds, &err) != 0 || prepare_folder(&runner, &err) != 0 ||
        prepare_running(&runner, &err) != 0)
        return refuse(&err);
    /* Refused where we lead a group already, started from a shell: then that group is the job's. */
    (void)setsid();
    job_supervise(&runner.running, &outcome);
    int status = finish(&runner, &outcome, started_at, &err);
    int exit_code = outcome.status == 0 ? 0 : 1;
    json_decref(outcome.result);
    if (status != 0) {
        rb_log(RB_LOG_ERROR, "the job's result is lost", "error", err.text, NULL);
        exit_code = 1;
    }
    return exit_code;
}
