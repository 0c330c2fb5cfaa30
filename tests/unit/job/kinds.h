/* SPDX-License-Identifier: Apache-2.0 */
/* Small kinds of jobs that the tests run for real. A test program is its own runner: started as
   `test_x job run SPEC` it does what `rebake job run SPEC` does. */
#ifndef TEST_JOB_KINDS_H
#define TEST_JOB_KINDS_H

#include <stdbool.h>
#include <sys/types.h>

#include "rebake/job/job.h"

/* True when the program was called as a runner; *ret_exit is then what main returns. */
bool kinds_are_asked_for(int argc, char **argv, int *ret_exit);

/* A folder of the test's own, removed with rb_tree_remove. The caller frees the path. */
char *make_folder(void);
/* A spec; the caller drops the reference. */
json_t *make_spec(const char *kind, int timeout_s);
/* Reads a number that a step writes into FOLDER/NAME, a FIFO made by make_fifo: waits for it. */
void make_fifo(const char *folder, const char *name);
pid_t read_fifo(const char *folder, const char *name);
pid_t read_number(const char *folder, const char *name); /* from a plain file */

/* Waits until the process is no more (or is a zombie that somebody has yet to bury). */
void await_gone(pid_t pid);
void assert_text(const json_t *result, const char *member, const char *expected);
void assert_contains(const char *text, const char *part);
char *read_log(const char *folder);

#endif
