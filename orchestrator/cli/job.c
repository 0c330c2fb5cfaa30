/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake job run`: the runner. rebaked starts it; a person can, to do a job again. */
#include <getopt.h>

#include "command.h"
#include "rebake/build/build.h"
#include "rebake/deploy/deploy.h"
#include "rebake/job/job.h"

static int run_job(const struct rb_command *command, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    static const struct rb_job_kind *const kinds[] = {&rb_build_job, &rb_deploy_job,
                                                      &rb_observe_job, NULL};
    if (getopt_long(argc, argv, "", options, NULL) != -1)
        return rb_command_usage(command, NULL);
    if (argc - optind != 1)
        return rb_command_usage(command, "name the job's spec.json");
    return rb_job_main(argv[optind], kinds);
}

const struct rb_command rb_command_job_run = {
    .name = "job run",
    .arguments = "SPEC",
    .summary = "Carry a job out: build, deploy or observe",
    .help = "SPEC is the spec.json in a job's folder (docs/reference/job.md); log and result.json\n"
            "are written beside it. Exit code 0 when the job succeeded, 1 when it failed.\n",
    .internal = true,
    .run = run_job,
};
