/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake internal git-check`: a git source is looked at in a process that can be killed. */
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "rebake/base/memory.h"
#include "rebake/policy/policy.h"
#include "rebake/watch/watch.h"

static int check_policy(const char *path, struct rb_err *err)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics found = {0};
    RB_CLEANUP(rb_policy_cleanup) struct rb_policy *policy = NULL;
    int status = rb_policy_read(path, &policy, &found, err);
    if (status == 0 || found.count == 0)
        return status;
    const struct rb_diagnostic *first = &found.items[0];
    const char *slash = strrchr(first->place.file, '/');
    return rb_err_set(err, RB_EINVALID, "%.200s:%d:%d: %.500s",
                      slash == NULL ? first->place.file : slash + 1, first->place.line,
                      first->place.column, first->message);
}

static int run_git_check(const struct rb_command *command, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return rb_command_usage(command, "takes no arguments");
    return rb_git_check_main(STDIN_FILENO, STDOUT_FILENO, check_policy);
}

const struct rb_command rb_command_git_check = {
    .name = "internal git-check",
    .arguments = "",
    .summary = "Look at a git branch: a request on standard input, an answer on standard output",
    .internal = true,
    .run = run_git_check,
};
