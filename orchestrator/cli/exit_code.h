/* SPDX-License-Identifier: Apache-2.0 */
/* How every verb of `rebake` ends: for scripts, and documented in rebake(1). */
#ifndef ORCHESTRATOR_CLI_EXIT_CODE_H
#define ORCHESTRATOR_CLI_EXIT_CODE_H

enum rb_exit {
    RB_EXIT_OK = 0,          /* done, and the answer is the good one */
    RB_EXIT_FAILED = 1,      /* it could not be done; one line on standard error says why */
    RB_EXIT_USAGE = 2,       /* the command line makes no sense: nothing was tried */
    RB_EXIT_UNREACHABLE = 3, /* no answer (daemon, network): the same command may succeed later */
    RB_EXIT_OUTDATED = 10    /* done: there is something newer */
};

#endif
