/* SPDX-License-Identifier: Apache-2.0 */
#include "own_architecture.h"
#include "rebake/base/memory.h"
#include "source_kind.h"

static const struct rb_field fields[] = {
    {.key = "apk",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(apk.url),
     .member = "url",
     .read = rb_value_apk_url,
     .example = "apk: https://mirror.example.com/alpine/v3.20/main"},
    {.key = "architectures",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(apk.architectures),
     .member = "architectures",
     .read = rb_value_machine,
     .example = "architectures: [x86_64]"},
    {.key = "keys",
     .kind = RB_FIELD_SET,
     .required = true,
     .offset = RB_SOURCE_FIELD(apk.keys),
     .member = "keys",
     .read = rb_value_absolute_path,
     .example = "keys: [/etc/apk/keys]"},
    RB_SOURCE_EVERY,
    {.key = NULL}};

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    (void)is_whole;
    (void)mark;
    (void)subject;
    if (source->apk.architectures == NULL)
        source->apk.architectures = rb_own_architectures(decode->arena, RB_FORMAT_APK);
}

static char *describe(const struct rb_source *source)
{
    return rb_strdup(source->apk.url);
}

const struct rb_source_language rb_source_apk = {.name = "apk",
                                                 .every_ms = RB_SOURCE_EVERY_MS,
                                                 .fields = fields,
                                                 .complete = complete,
                                                 .describe = describe};
