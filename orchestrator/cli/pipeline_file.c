/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline_file.h"

#include <stdio.h>

#include "rebake/base/memory.h"

enum { DIAGNOSTICS_BYTES_MAX = 4 << 20 };

int rb_pipeline_file_refuse(const struct rb_command *command,
                            const struct rb_diagnostics *diagnostics, const struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(DIAGNOSTICS_BYTES_MAX);
    if (diagnostics->count == 0) /* not the file's content, but the file */
        return rb_command_fail(command, err);
    (void)fflush(stdout);
    rb_diagnostics_print(diagnostics, &text);
    fputs(rb_strbuf_text(&text), stderr);
    return RB_EXIT_FAILED;
}

int rb_pipeline_file_read(const struct rb_command *command, const char *path,
                          struct rb_pipeline **ret_pipeline)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_err err;
    if (rb_pipeline_read(path, ret_pipeline, &diagnostics, &err) == 0)
        return RB_EXIT_OK;
    return rb_pipeline_file_refuse(command, &diagnostics, &err);
}
