/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"
#include "source_kind.h"

static const struct rb_field fields[] = {{.key = "image",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = RB_SOURCE_FIELD(image.repository),
                                          .member = "repository",
                                          .read = rb_value_repository,
                                          .example = "image: docker.io/library/debian"},
                                         {.key = "tag",
                                          .kind = RB_FIELD_TEXT,
                                          .required = true,
                                          .offset = RB_SOURCE_FIELD(image.tag),
                                          .member = "tag",
                                          .read = rb_value_tag,
                                          .example = "tag: bookworm-slim"},
                                         RB_SOURCE_EVERY,
                                         {.key = NULL}};

static char *describe(const struct rb_source *source)
{
    return rb_asprintf("%s:%s", source->image.repository, source->image.tag);
}

const struct rb_source_language rb_source_image = {"image", fields, NULL, describe, NULL};
