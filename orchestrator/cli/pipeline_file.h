/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a pipeline on behalf of a person: what is wrong with it goes to standard error. */
#ifndef ORCHESTRATOR_CLI_PIPELINE_FILE_H
#define ORCHESTRATOR_CLI_PIPELINE_FILE_H

#include "command.h"
#include "rebake/pipelines/pipeline.h"

/* Returns RB_EXIT_OK with a pipeline that the caller frees, or else the exit code of the verb,
   which has said why. */
int rb_pipeline_file_read(const struct rb_command *command, const char *path,
                          struct rb_pipeline **ret_pipeline);

/* Says what is wrong with a file of the language that could not be read: RB_EXIT_FAILED, or what
   the error means. */
int rb_pipeline_file_refuse(const struct rb_command *command,
                            const struct rb_diagnostics *diagnostics, const struct rb_err *err);

#endif
