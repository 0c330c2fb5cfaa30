/* SPDX-License-Identifier: Apache-2.0 */
/* A job under way, as the files of this room share it. */
#ifndef REBAKE_JOB_RUNNING_H
#define REBAKE_JOB_RUNNING_H

#include <sys/types.h>

#include "rebake/base/strlist.h"
#include "rebake/job/job.h"

enum {
    JOB_STEPS_MAXIMUM = 64,
    JOB_STEP_NAME_SIZE = 64,
    JOB_SPEC_MAXIMUM = 16 << 20,
    JOB_RUNNER_MAXIMUM = 4096,
    JOB_RESULT_MAXIMUM = 64 << 20,
};

/* What the two processes of a runner both see: mapped shared, written by the working one alone. */
struct job_ledger {
    int count;
    struct {
        char name[JOB_STEP_NAME_SIZE];
        int64_t started_at; /* wall clock */
        int64_t started_ms; /* monotonic, as ended_ms */
        int64_t ended_ms;   /* 0 while it runs */
    } steps[JOB_STEPS_MAXIMUM];
};

struct job_running {
    struct rb_job job;
    const struct rb_job_kind *kind;
    struct job_ledger *ledger;
    struct rb_strlist environment; /* of the steps' programs */
    char *cgroup;                  /* folder of the job's own cgroup, or NULL */
    int signal_fd;                 /* readable once somebody wants the job to end */
    int64_t grace_ms;              /* between TERM and KILL of a step */
    bool canceled;
};

/* How a job ended, from the process that carried it out. */
struct job_outcome {
    int status;             /* 0 or an enum rb_errc */
    const char *class_name; /* static text, NULL where status is 0 */
    struct rb_err err;
    json_t *result; /* owned; NULL unless status is 0 */
};

/* joblog.c: text for the log, which takes no more than a bounded size. */
RB_NODISCARD int job_log_open(const char *path, int *ret_fd, struct rb_err *err);
RB_NODISCARD int job_log_write(int fd, const char *data, size_t size, struct rb_err *err);
/* A copy with the user and password of each URL hidden; the caller frees it. */
char *job_mask(const char *text);

/* environment.c */
void job_environment(const struct rb_job *job, bool contained, struct rb_strlist *environment);

/* cgroup.c: the folder of a new cgroup for the job below our own, if that is delegated to us; NULL,
   with the reason in *ret_reason, where it is not. The caller frees it. */
char *job_cgroup_make(const char *folder, const char **ret_reason);
RB_NODISCARD int job_cgroup_enter(const char *cgroup, struct rb_err *err);
/* Kills what is left in it and removes it. */
void job_cgroup_remove(const char *cgroup);

/* processes.c: KILL until none is left. */
void job_kill_descendants(void);
/* What a runner that is gone left: all that carries the job's mark (environment.c) or has its root
   in the job's scratch folder. */
void job_kill_marked(const char *folder);

/* supervise.c: carries the job out in a process of its own and waits for its end. */
void job_supervise(struct job_running *running, struct job_outcome *ret_outcome);

/* result.c */
json_t *job_result_make(const struct job_running *running, const struct job_outcome *outcome,
                        int64_t started_at);
/* Stands in for the result that a runner did not write. */
json_t *job_result_lost(const char *folder, const char *class_name, const char *error);

#endif
