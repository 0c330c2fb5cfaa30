/* SPDX-License-Identifier: Apache-2.0 */
/* The runner, with the jobs of orchestrator/deploy alone: so that they are tested by themselves. */
#include "rebake/deploy/deploy.h"

int main(int argc, char **argv)
{
    const struct rb_job_kind *const kinds[] = {&rb_deploy_job, &rb_observe_job, NULL};
    return argc == 2 ? rb_job_main(argv[1], kinds) : 2;
}
