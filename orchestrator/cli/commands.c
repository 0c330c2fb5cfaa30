/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, in the order in which `rebake help` lists them. */
#include <stddef.h>

#include "command.h"

const struct rb_command *const rb_commands[] = {
    &rb_command_vercmp,
    NULL,
};
