/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"
#include "source_kind.h"

static const struct rb_field fields[] = {{.key = "git",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = RB_SOURCE_FIELD(git.url),
                                          .member = "url",
                                          .read = rb_value_git_url,
                                          .example = "git: https://git.example.com/shop.git"},
                                         {.key = "branch",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = RB_SOURCE_FIELD(git.branch),
                                          .member = "branch",
                                          .read = rb_value_branch,
                                          .example = "branch: main"},
                                         RB_SOURCE_EVERY,
                                         {.key = NULL}};

static char *describe(const struct rb_source *source)
{
    return rb_asprintf("%s branch %s", source->git.url, source->git.branch);
}

const struct rb_source_language rb_source_git = {
    .name = "git", .every_ms = RB_SOURCE_EVERY_MS, .fields = fields, .describe = describe};
