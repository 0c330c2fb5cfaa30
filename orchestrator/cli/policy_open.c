/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_open.h"

#include <string.h>

#include "pipeline_file.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

int rb_policy_open(const struct rb_command *command, const char *name,
                   struct rb_policy **ret_policy)
{
    static const char BUILTIN[] = "builtin:";
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_err err;
    bool is_builtin = rb_text_starts_with(name, BUILTIN);
    int status = is_builtin ? rb_policy_builtin(name + strlen(BUILTIN), ret_policy, &err)
                            : rb_policy_read(name, ret_policy, &diagnostics, &err);
    return status == 0 ? RB_EXIT_OK : rb_pipeline_file_refuse(command, &diagnostics, &err);
}
