/* SPDX-License-Identifier: Apache-2.0 */
/* `rebake internal feed-read`: advisories may be large and are from outside, so that they are read
   in a process of their own, with limits. */
#ifndef ORCHESTRATOR_WATCH_FEED_READER_H
#define ORCHESTRATOR_WATCH_FEED_READER_H

#include "rebake/loop/process.h"
#include "rebake/watch/watch.h"

/* Compiles the feed at path, of that kind, into set_path. done is called once, later, unless the
   start fails; what it is given has the reader's summary as JSON for its output. */
RB_NODISCARD int rb_feed_reader_start(const struct rb_watch_tools *tools, enum rb_source_kind kind,
                                      const char *path, const char *set_path, rb_process_cb *done,
                                      void *context, struct rb_process **ret_process,
                                      struct rb_err *err);

#endif
