/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Jobs: all that is heavy or risky, in a process of its own. A job is a folder:
 *   spec.json    what to do (docs/reference/job.md), written before the runner starts
 *   log          what the steps print, with a line "==> STEP" before each
 *   result.json  written whole at the end, by the runner alone
 * `rebake job run FOLDER/spec.json` is the runner. It stands as two processes in one session: one
 * that carries the job out and may block, crash or be killed, and one that watches the time and the
 * wish to cancel, ends the first with all that it started, cleans up, and writes result.json.
 */
#ifndef REBAKE_JOB_JOB_H
#define REBAKE_JOB_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "rebake/base/err.h"
#include "rebake/base/json.h"
#include "rebake/loop/loop.h"

/* A step's tools: where it runs, where its output goes. */
struct rb_job {
    const char *folder;  /* the job's own, absolute */
    const char *scratch; /* an empty folder, removed at the end */
    const json_t *spec;
    int log_fd;
    int64_t deadline_at; /* monotonic milliseconds; steps give their children what is left */
};

/* Tells the log that a step begins. */
void rb_job_step(struct rb_job *job, const char *name);
/* Writes a line to the log. */
void rb_job_log(struct rb_job *job, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Runs a program in a group of its own, with its output in the log and the small environment that
   docs/reference/job.md lists; its standard input is empty. RB_EIO unless it exits with 0 (the
   error carries the last lines that it printed), RB_ETIMEOUT when the job's time is over,
   RB_ECANCELED when the job is canceled: then the group is ended first, by TERM and after a grace
   by KILL. what names it in the error. Arguments are written to the log: no secret may be among
   them. */
RB_NODISCARD int rb_job_run(struct rb_job *job, const char *const *arguments, const char *what,
                            struct rb_err *err);
/* The same, keeping standard output instead of logging it; the caller frees *ret_output. RB_ELIMIT
   when it is more than maximum bytes. */
RB_NODISCARD int rb_job_capture(struct rb_job *job, const char *const *arguments, size_t maximum,
                                char **ret_output, const char *what, struct rb_err *err);
/* RB_ETIMEOUT or RB_ECANCELED when the job is to end now, else 0: for long work in this process,
   which is killed if it does not end soon after. */
RB_NODISCARD int rb_job_check(struct rb_job *job, struct rb_err *err);
/* Lets delay_ms pass; comes back early, as rb_job_check, when the job is to end. */
RB_NODISCARD int rb_job_wait(struct rb_job *job, int64_t delay_ms, struct rb_err *err);

struct rb_job_kind {
    const char *name; /* "build", "deploy", "observe" */
    /* What the job does: fills result (an object) on success. The error's class for result.json
       comes from its code: RB_EINVALID → "recipe", RB_ECANCELED → "canceled", all else
       "infrastructure"; *ret_class may be set to say it better. Past the deadline it is "timeout"
       whatever is said. */
    int (*run)(struct rb_job *job, json_t *result, const char **ret_class, struct rb_err *err);
    /* Called after run on every path, also when its process was killed, in a process of its own
       with a minute of time: puts right what lies outside the scratch folder. NULL: nothing does.
     */
    void (*clean)(struct rb_job *job);
    /* Nothing that the job started may outlive it. Else what left its step's process group (the
       monitor of a container that was brought up) lives on. */
    bool contained;
};

/* `rebake job run SPEC`: carries the job out with the kind named in the spec, from a
   NULL-terminated list, and writes result.json. Returns the exit code: 0 the job succeeded, 1 it
   failed (and result.json says how), 2 the spec cannot be read or another runner is at it. TERM,
   INT and HUP cancel. The caller must have no other thread. */
int rb_job_main(const char *spec_path, const struct rb_job_kind *const *kinds);

/* What is left of a job whose runner is gone: reads result.json. When there is none (the runner was
   killed, the machine went down) *ret_result is a failed result of class "infrastructure". The
   caller drops the reference. */
RB_NODISCARD int rb_job_result(const char *folder, json_t **ret_result, struct rb_err *err);

/* The local executor: jobs as child processes that outlive us. */
struct rb_executor;
struct rb_running_job;

typedef void rb_job_done_cb(void *context, const json_t *result); /* borrowed */

/* program: absolute path of `rebake`. */
struct rb_executor *rb_executor_new(struct rb_loop *loop, const char *program);
/* Lets go of what runs: it runs on, and can be adopted later. */
void rb_executor_free(struct rb_executor *executor);
int rb_executor_running(const struct rb_executor *executor);
/* How long a canceled runner may take to end before it is killed: one minute unless set. */
void rb_executor_set_grace(struct rb_executor *executor, int64_t grace_ms);

/* Makes FOLDER (absolute), writes spec.json there and starts the runner on it. done comes once,
   with result.json's content (see rb_job_result), or with a failed result when that cannot be read;
   the job is gone after it. *ret_pid and *ret_ticks name the process, to be stored. */
RB_NODISCARD int rb_executor_start(struct rb_executor *executor, const char *folder,
                                   const json_t *spec, rb_job_done_cb *done, void *context,
                                   struct rb_running_job **ret_job, int64_t *ret_pid,
                                   int64_t *ret_ticks, struct rb_err *err);
/* Takes up a job that an earlier daemon started: waits for its process if that still is the one,
   else reports what it left (later, from the loop). pid 0: the start was not noted; the runner is
   looked for, and where there is none none will start. */
RB_NODISCARD int rb_executor_adopt(struct rb_executor *executor, const char *folder, int64_t pid,
                                   int64_t ticks, rb_job_done_cb *done, void *context,
                                   struct rb_running_job **ret_job, struct rb_err *err);
/* TERM to the job's group, KILL after a grace; done still comes, with class "canceled" unless the
   job had ended otherwise before. */
void rb_executor_cancel(struct rb_running_job *job);

#endif
