/* SPDX-License-Identifier: Apache-2.0 */
/* What of an upstream a source follows, and what of it is none of its own. */
#ifndef REBAKE_HOOKS_FOLLOW_H
#define REBAKE_HOOKS_FOLLOW_H

#include "rebake/hooks/hook.h"
#include "rebake/pipelines/source.h"
#include "rebake/watch/tag_choice.h"

/* May the source have something new where the thing, which names its upstream, says that something
   moved? choice: of a source of tags; NULL: it is none, or any tag counts. rest: how far below the
   address of the source a URL names, in lower case: "/dists/sid/inrelease"; else "". */
bool hook_follows(const struct rb_source *source, const struct rb_tag_choice *choice,
                  const struct rb_hook_thing *thing, const char *rest);

#endif
