/* SPDX-License-Identifier: Apache-2.0 */
#include "feed_reader.h"

enum { ANSWER_MAXIMUM = 64 << 10, TIMEOUT_MS = 10 * 60 * 1000 };

int rb_feed_reader_start(const struct rb_watch_tools *tools, enum rb_source_kind kind,
                         const char *path, const char *set_path, rb_process_cb *done, void *context,
                         struct rb_process **ret_process, struct rb_err *err)
{
    const char *const arguments[] = {
        tools->program, "internal", "feed-read", rb_source_kind_name(kind), path, set_path, NULL};
    const struct rb_process_options options = {
        .arguments = arguments,
        .output_maximum = ANSWER_MAXIMUM,
        .errors_maximum = ANSWER_MAXIMUM,
        .timeout_ms = TIMEOUT_MS,
    };
    return rb_process_start(tools->loop, &options, done, context, ret_process, err);
}
