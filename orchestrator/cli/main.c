/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake`, the command line. */
#include "command.h"

int main(int argc, char **argv)
{
    return rb_command_main(rb_commands, argc, argv);
}
