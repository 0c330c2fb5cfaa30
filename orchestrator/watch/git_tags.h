/* SPDX-License-Identifier: Apache-2.0 */
/* Which tag of a git repository is followed, given all that it has. */
#ifndef REBAKE_WATCH_GIT_TAGS_H
#define REBAKE_WATCH_GIT_TAGS_H

#include "rebake/base/json.h"
#include "rebake/pipelines/tags.h"
#include "rebake/watch/trouble.h"

/* The policy as JSON, and back; the text is borrowed. */
json_t *rb_git_tags_policy_write(const struct rb_tag_policy *policy);
void rb_git_tags_policy_read(const json_t *json, struct rb_tag_policy *ret_policy);

/* Chooses the newest that counts of names (without "refs/tags/"). known is the tag that was
   followed last, or NULL: RB_EVERIFY and BACKWARDS when the newest is older than it. RB_ENOTFOUND:
   none counts. what names the repository; *ret_trouble is set on failure. */
RB_NODISCARD int rb_git_tags_choose(const struct rb_tag_policy *policy, const char *const *names,
                                    size_t count, const char *known, const char *what,
                                    const char **ret_name, enum rb_trouble *ret_trouble,
                                    struct rb_err *err);

#endif
