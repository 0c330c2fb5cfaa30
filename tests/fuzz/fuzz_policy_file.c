/* SPDX-License-Identifier: Apache-2.0 */
/* A policy file: either a model whose rules and windows are whole, or errors. Its jq is not
   compiled: that is libjq's own. */
#include <stdint.h>

#include "rebake/base/memory.h"
#include "rebake/pipelines/policy_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_model(const struct rb_policy_file *file)
{
    for (size_t i = 0; i < file->window_count; i++)
        RB_ASSERT(file->windows[i].start != NULL && file->windows[i].for_ms > 0);
    for (size_t i = 0; i < file->rule_count; i++)
        RB_ASSERT(file->rules[i].name != NULL && file->rules[i].place.line > 0);
    for (size_t i = 0; i < file->waiver_count; i++)
        RB_ASSERT(file->waivers[i].advisory != NULL && file->waivers[i].until_at != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RB_CLEANUP(rb_diagnostics_deinit) struct rb_diagnostics diagnostics = {0};
    struct rb_policy_file *file;
    int status =
        rb_policy_file_parse((const char *)data, size, "fuzz.yaml", &file, &diagnostics, NULL);
    if (status == 0) {
        check_model(file);
        rb_policy_file_free(file);
    } else {
        RB_ASSERT(status == RB_ELIMIT || diagnostics.count > 0);
    }
    return 0;
}
