/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, in the order in which `rebake help` lists them. */
#include <stddef.h>

#include "command.h"

const struct rb_command *const rb_commands[] = {
    &rb_command_status,
    &rb_command_sources,
    &rb_command_why,
    &rb_command_plan,
    &rb_command_exposure,
    &rb_command_advisories,
    &rb_command_patches,
    &rb_command_history,
    &rb_command_hooks,
    &rb_command_logs,
    &rb_command_wait,
    &rb_command_trigger,
    &rb_command_check,
    &rb_command_pause,
    &rb_command_resume,
    &rb_command_cancel,
    &rb_command_approve,
    &rb_command_withdraw,
    &rb_command_lint,
    &rb_command_graph,
    &rb_command_run,
    &rb_command_fetch,
    &rb_command_outdated,
    &rb_command_scan,
    &rb_command_diff,
    &rb_command_vercmp,
    &rb_command_simulate,
    &rb_command_policy_test,
    &rb_command_policy_eval,
    &rb_command_policy_explain,
    &rb_command_policy_serve,
    &rb_command_job_run,
    &rb_command_git_check,
    &rb_command_feed_read,
    NULL,
};
