/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake internal git-check`: a git source is looked at in a process that can be killed. */
#include <unistd.h>

#include "command.h"
#include "rebake/watch/watch.h"

static int run_git_check(const struct rb_command *command, int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return rb_command_usage(command, "takes no arguments");
    return rb_git_check_main(STDIN_FILENO, STDOUT_FILENO);
}

const struct rb_command rb_command_git_check = {
    .name = "internal git-check",
    .arguments = "",
    .summary = "Look at a git branch: a request on standard input, an answer on standard output",
    .internal = true,
    .run = run_git_check,
};
