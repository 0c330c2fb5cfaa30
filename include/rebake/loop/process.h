/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes. A child is the leader of a session of its own, so that a kill reaches its whole
 * group; it is done when it has exited and its output has ended.
 */
#ifndef REBAKE_LOOP_PROCESS_H
#define REBAKE_LOOP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "rebake/base/err.h"
#include "rebake/loop/loop.h"

struct rb_process;

struct rb_process_options {
    const char *const *arguments;   /* NULL-terminated; the program is looked up in PATH */
    const char *const *environment; /* NULL-terminated "NAME=VALUE"; NULL inherits ours */
    const char *folder;             /* working directory; NULL inherits ours */
    const void *input;              /* written to its standard input; NULL: /dev/null */
    size_t input_size;
    size_t output_maximum; /* bytes of standard output kept; more kills the child; 0: /dev/null */
    size_t errors_maximum; /* of standard error, whose newest bytes are kept; 0: /dev/null */
    int log_fd;            /* > 0: both outputs go to this descriptor instead of being kept */
    int64_t timeout_ms;    /* 0: none; then as by rb_process_kill */
    /* The child outlives us: it is not waited for at the end, and only the exit is reported. */
    bool outlives;
};

struct rb_process_result {
    int exit_code; /* 0 .. 255, or -1 when a signal ended it */
    int signal;    /* 0, or the number of the signal that ended it */
    bool timed_out;
    bool overflowed; /* standard output was larger than output_maximum */
    char *output;    /* NUL-terminated, never NULL */
    size_t output_size;
    char *errors; /* NUL-terminated, never NULL */
};

/* The result is borrowed for the time of the call. */
typedef void rb_process_cb(void *context, const struct rb_process_result *result);

/* Starts a child and calls done when it is finished; the object frees itself after that. The
   options are copied where they are needed later. ret_process may be NULL. */
RB_NODISCARD int rb_process_start(struct rb_loop *loop, const struct rb_process_options *options,
                                  rb_process_cb *done, void *context,
                                  struct rb_process **ret_process, struct rb_err *err);
pid_t rb_process_pid(const struct rb_process *process);
/* TERM to the child's group, and KILL after a grace of five seconds. done still comes, a second
   later at the latest: the output of a process that left the group is not waited for any longer. */
void rb_process_kill(struct rb_process *process);
/* Forgets a child that outlives us: done will not come, the object is freed. */
void rb_process_forget(struct rb_process *process);

/* Runs a child to its end and fills *ret_result, which rb_process_result_deinit frees. Blocks: for
   jobs and the command line, never on the daemon's loop. A child that exits with another code than
   0 is not an error here. */
RB_NODISCARD int rb_process_run(const struct rb_process_options *options,
                                struct rb_process_result *ret_result, struct rb_err *err);
void rb_process_result_deinit(struct rb_process_result *result); /* usable with RB_CLEANUP */

/* Fails with RB_EIO and the last line of the child's errors (or its exit code) if it did not exit
   with 0, RB_ETIMEOUT if its time ran out. what names the step. */
RB_NODISCARD int rb_process_check(const struct rb_process_result *result, const char *what,
                                  struct rb_err *err);

/* When a process started, in clock ticks since boot (proc_pid_stat(5), field 22): with the pid it
   names one process for good. 0 when there is no such process. */
uint64_t rb_process_started_ticks(pid_t pid);

/* Watches a process that need not be our child (pidfd_open(2)); gone is called once it has ended.
 */
struct rb_pid_watch;
RB_NODISCARD int rb_pid_watch_start(struct rb_loop *loop, pid_t pid, void (*gone)(void *context),
                                    void *context, struct rb_pid_watch **ret_watch,
                                    struct rb_err *err);
void rb_pid_watch_free(struct rb_pid_watch *watch); /* NULL is allowed */

#endif
