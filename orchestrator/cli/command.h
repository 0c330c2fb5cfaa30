/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verb is. Each stands in a file of its own that defines one `const struct rb_command`; to
 * add a verb, write its file, declare the command below and put it into the table in commands.c,
 * where `rebake help` lists it.
 */
#ifndef ORCHESTRATOR_CLI_COMMAND_H
#define ORCHESTRATOR_CLI_COMMAND_H

#include <stdbool.h>

#include "exit_code.h"
#include "rebake/base/err.h"

struct rb_command {
    const char *name;      /* "vercmp", or two words: "job run" */
    const char *arguments; /* "deb A B" */
    const char *summary;   /* one line, without a full stop */
    const char *help;      /* options and details, shown by --help; NULL: none */
    bool internal;         /* for other parts of Rebake: not in the list */
    /* argv[0] is "rebake NAME", as getopt_long wants it for its messages. --help was seen to
       before. Returns an enum rb_exit. What is on standard output is flushed after. */
    int (*run)(const struct rb_command *command, int argc, char **argv);
};

extern const struct rb_command rb_command_advisories;
extern const struct rb_command rb_command_approve;
extern const struct rb_command rb_command_cancel;
extern const struct rb_command rb_command_check;
extern const struct rb_command rb_command_diff;
extern const struct rb_command rb_command_git_check;
extern const struct rb_command rb_command_feed_read;
extern const struct rb_command rb_command_fetch;
extern const struct rb_command rb_command_graph;
extern const struct rb_command rb_command_exposure;
extern const struct rb_command rb_command_history;
extern const struct rb_command rb_command_hooks;
extern const struct rb_command rb_command_job_run;
extern const struct rb_command rb_command_lint;
extern const struct rb_command rb_command_logs;
extern const struct rb_command rb_command_outdated;
extern const struct rb_command rb_command_patches;
extern const struct rb_command rb_command_pause;
extern const struct rb_command rb_command_plan;
extern const struct rb_command rb_command_policy_eval;
extern const struct rb_command rb_command_policy_explain;
extern const struct rb_command rb_command_policy_serve;
extern const struct rb_command rb_command_policy_test;
extern const struct rb_command rb_command_resume;
extern const struct rb_command rb_command_pin;
extern const struct rb_command rb_command_unpin;
extern const struct rb_command rb_command_words;
extern const struct rb_command rb_command_run;
extern const struct rb_command rb_command_scan;
extern const struct rb_command rb_command_simulate;
extern const struct rb_command rb_command_sources;
extern const struct rb_command rb_command_status;
extern const struct rb_command rb_command_trigger;
extern const struct rb_command rb_command_vercmp;
extern const struct rb_command rb_command_wait;
extern const struct rb_command rb_command_why;
extern const struct rb_command rb_command_withdraw;

/* All verbs, NULL-terminated. */
extern const struct rb_command *const rb_commands[];

/* Runs what the command line asks for; returns the exit code. */
int rb_command_main(const struct rb_command *const *commands, int argc, char **argv);

/* For a verb's own command line: says what is wrong with it (NULL: getopt_long already did) and how
   the verb is called. Returns RB_EXIT_USAGE. */
int rb_command_usage(const struct rb_command *command, const char *format, ...) RB_PRINTF(2, 3);

/* Says why the verb failed, on standard error. Returns the exit code that fits. */
int rb_command_fail(const struct rb_command *command, const struct rb_err *err);

#endif
