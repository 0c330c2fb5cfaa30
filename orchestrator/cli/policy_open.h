/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a policy on behalf of a person: what is wrong with it goes to standard error. */
#ifndef ORCHESTRATOR_CLI_POLICY_OPEN_H
#define ORCHESTRATOR_CLI_POLICY_OPEN_H

#include "command.h"
#include "rebake/policy/policy.h"

/* name: a file, or "builtin:NAME". Returns RB_EXIT_OK with a policy that the caller frees, or else
   the exit code of the verb, which has said why. */
int rb_policy_open(const struct rb_command *command, const char *name,
                   struct rb_policy **ret_policy);

#endif
