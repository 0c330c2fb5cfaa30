/* SPDX-License-Identifier: Apache-2.0 */
#include "own_architecture.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"
#include "source_kind.h"

enum { DESCRIPTION_MAXIMUM = 8192 };

static const struct rb_field fields[] = {
    {.key = "apt",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(apt.url),
     .member = "url",
     .read = rb_value_apt_url,
     .example = "apt: https://mirror.example.com/debian-security"},
    {.key = "suite",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(apt.suite),
     .member = "suite",
     .read = rb_value_suite,
     .example = "suite: bookworm-security"},
    {.key = "codename",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(apt.codename),
     .member = "codename",
     .read = rb_value_codename,
     .example = "codename: bookworm"},
    {.key = "components",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(apt.components),
     .member = "components",
     .read = rb_value_component,
     .example = "components: [main]"},
    {.key = "architectures",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(apt.architectures),
     .member = "architectures",
     .read = rb_value_architecture,
     .example = "architectures: [amd64]"},
    {.key = "signed-by",
     .kind = RB_FIELD_TEXT,
     .required = true,
     .offset = RB_SOURCE_FIELD(apt.signed_by),
     .member = "signedBy",
     .read = rb_value_absolute_path,
     .example = "signed-by: /usr/share/keyrings/debian-archive-keyring.gpg"},
    RB_SOURCE_EVERY,
    {.key = NULL}};

/* A suite has components, a flat repository has none. */
static void judge_components(const struct rb_decode *decode, struct rb_mark mark,
                             const char *subject, struct rb_source *source)
{
    struct rb_apt_source *apt = &source->apt;
    bool is_flat = apt->suite != NULL && rb_text_ends_with(apt->suite, "/");
    if (apt->components != NULL && apt->components[0] == NULL)
        apt->components = NULL;
    if (is_flat && apt->components != NULL)
        rb_report_add(
            decode->report, mark, "leave \"components\" out, or name a suite below dists/",
            "%s: a flat repository (\"suite\" ends with \"/\") has no components", subject);
    else if (!is_flat && apt->components == NULL)
        rb_report_add(decode->report, mark, "write components: [main]",
                      "%s: \"components\" is missing", subject);
}

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    (void)is_whole;
    judge_components(decode, mark, subject, source);
    if (source->apt.architectures == NULL)
        source->apt.architectures = rb_own_architectures(decode->arena, RB_FORMAT_DEB);
}

static char *describe(const struct rb_source *source)
{
    struct rb_strbuf text = RB_STRBUF_INIT(DESCRIPTION_MAXIMUM);
    rb_strbuf_printf(&text, "%s %s", source->apt.url, source->apt.suite);
    const char *const *component = source->apt.components;
    for (; component != NULL && *component != NULL; component++)
        rb_strbuf_printf(&text, " %s", *component);
    return rb_strbuf_steal(&text);
}

const struct rb_source_language rb_source_apt = {.name = "apt",
                                                 .every_ms = RB_SOURCE_EVERY_MS,
                                                 .fields = fields,
                                                 .complete = complete,
                                                 .describe = describe};
