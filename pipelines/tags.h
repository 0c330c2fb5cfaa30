/* SPDX-License-Identifier: Apache-2.0 */
/* The language of tag policies, which every kind of source with tags has under the key `tags`. */
#ifndef PIPELINES_TAGS_H
#define PIPELINES_TAGS_H

#include "decode.h"
#include "rebake/pipelines/tags.h"

/* A field of a source whose struct rb_tag_policy is at field_offset. */
#define RB_TAGS_FIELD(field_offset)                                                                \
    {                                                                                              \
        .key = "tags", .kind = RB_FIELD_BLOCK, .offset = (field_offset), .member = "tags",         \
        .block = rb_tags_fields, .example = "tags: { semver: \"^1.2\" }"                           \
    }

extern const struct rb_field rb_tags_fields[]; /* of struct rb_tag_policy */

bool rb_tags_are_said(const struct rb_tag_policy *policy);
/* Fills in the order, and reports what does not fit together. */
void rb_tags_complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                      struct rb_tag_policy *policy);

/* How a policy is described to people: "tags ^1.2", "newest of bookworm-([0-9]+)". */
const char *rb_tags_word(const struct rb_tag_policy *policy);

#endif
