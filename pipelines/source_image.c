/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/base/memory.h"
#include "source_kind.h"
#include "tags.h"

static const struct rb_field fields[] = {
    {.key = "image",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(image.repository),
     .member = "repository",
     .read = rb_value_repository,
     .example = "image: docker.io/library/debian"},
    {.key = "tag",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(image.tag),
     .member = "tag",
     .read = rb_value_tag,
     .example = "tag: bookworm-slim"},
    RB_TAGS_FIELD(RB_SOURCE_FIELD(image.tags)),
    {.key = "digest",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(image.digest),
     .member = "digest",
     .read = rb_value_digest,
     .example = "digest: sha256:HEX"},
    {.key = "platform",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(image.platform),
     .member = "platform",
     .read = rb_value_platform,
     .example = "platform: linux/arm64"},
    {.key = "mirrors",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(image.mirrors),
     .member = "mirrors",
     .read = rb_value_repository,
     .example = "mirrors: [mirror.example.com/library/debian]"},
    {.key = "signed-by",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(image.signed_by),
     .member = "signedBy",
     .read = rb_value_absolute_path,
     .example = "signed-by: /etc/rebake/cosign.pub"},
    RB_SOURCE_EVERY,
    {.key = NULL}};

/* Exactly one key says what is followed. */
static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    if (!is_whole)
        return;
    struct rb_image_source *image = &source->image;
    bool has_tags = rb_tags_are_said(&image->tags);
    int said = (image->tag != NULL) + (image->digest != NULL) + has_tags;
    if (said == 0)
        rb_report_add(decode->report, mark,
                      "write tag: bookworm-slim, tags: or digest:", "%s: \"tag\" is missing",
                      subject);
    if (said > 1)
        rb_report_add(decode->report, mark, "keep one of them",
                      "%s: \"tag\", \"tags\" and \"digest\" exclude each other", subject);
    if (has_tags)
        rb_tags_complete(decode, mark, subject, &image->tags);
}

static char *describe(const struct rb_source *source)
{
    const struct rb_image_source *image = &source->image;
    if (image->digest != NULL)
        return rb_asprintf("%s@%s", image->repository, image->digest);
    if (image->tag != NULL)
        return rb_asprintf("%s:%s", image->repository, image->tag);
    return rb_asprintf("%s tags %s", image->repository, rb_tags_word(&image->tags));
}

const struct rb_source_language rb_source_image = {.name = "image",
                                                   .every_ms = RB_SOURCE_EVERY_MS,
                                                   .fields = fields,
                                                   .complete = complete,
                                                   .describe = describe};
