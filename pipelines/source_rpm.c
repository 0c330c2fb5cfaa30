/* SPDX-License-Identifier: Apache-2.0 */
#include "own_architecture.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_kind.h"

static const struct rb_field fields[] = {
    {.key = "rpm",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(rpm.url),
     .member = "url",
     .read = rb_value_rpm_url,
     .example = "rpm: https://mirror.example.com/rocky/9/BaseOS/x86_64/os"},
    {.key = "mirrorlist",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(rpm.mirrorlist),
     .member = "mirrorlist",
     .read = rb_value_mirrorlist,
     .example = "mirrorlist: https://mirrors.example.com/metalink?repo=baseos-9&arch=x86_64"},
    {.key = "architectures",
     .kind = RB_FIELD_SET,
     .offset = RB_SOURCE_FIELD(rpm.architectures),
     .member = "architectures",
     .read = rb_value_machine,
     .example = "architectures: [x86_64]"},
    {.key = "signed-by",
     .kind = RB_FIELD_TEXT,
     .offset = RB_SOURCE_FIELD(rpm.signed_by),
     .member = "signedBy",
     .read = rb_value_absolute_path,
     .example = "signed-by: /etc/pki/rpm-gpg/RPM-GPG-KEY-example"},
    {.key = "unsigned",
     .kind = RB_FIELD_BOOL,
     .offset = RB_SOURCE_FIELD(rpm.is_unsigned),
     .member = "unsigned",
     .example = "unsigned: true"},
    RB_SOURCE_EVERY,
    {.key = NULL}};

/* An unsigned repository is believed for its TLS, or because it is of this machine. */
static bool is_vouched_for(const struct rb_rpm_source *source)
{
    const char *address = source->url != NULL ? source->url : source->mirrorlist;
    return address == NULL || rb_text_starts_with(address, "https://") ||
           rb_text_starts_with(address, "file://");
}

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    struct rb_rpm_source *rpm = &source->rpm;
    if (rpm->url != NULL && rpm->mirrorlist != NULL)
        rb_report_add(decode->report, mark, "keep one of the two",
                      "%s: \"rpm\" and \"mirrorlist\" exclude each other", subject);
    if (rpm->signed_by != NULL && rpm->is_unsigned)
        rb_report_add(decode->report, mark, "keep one of the two",
                      "%s: \"signed-by\" and \"unsigned\" exclude each other", subject);
    if (is_whole && rpm->signed_by == NULL && !rpm->is_unsigned)
        rb_report_add(decode->report, mark,
                      "write signed-by: PATH of a keyring, or unsigned: true where repomd.xml has "
                      "no signature",
                      "%s: no keyring says whose signature is believed", subject);
    if (rpm->is_unsigned && !is_vouched_for(rpm))
        rb_report_add(decode->report, mark, "write an https URL",
                      "%s: is unsigned, and nothing vouches for what comes over http", subject);
    if (rpm->architectures == NULL)
        rpm->architectures = rb_own_architectures(decode->arena, RB_FORMAT_RPM);
}

static char *describe(const struct rb_source *source)
{
    const char *url = source->rpm.url;
    return rb_strdup(url != NULL ? url : source->rpm.mirrorlist);
}

const struct rb_source_language rb_source_rpm = {.name = "rpm",
                                                 .every_ms = RB_SOURCE_EVERY_MS,
                                                 .fields = fields,
                                                 .complete = complete,
                                                 .describe = describe,
                                                 .other_name = "mirrorlist"};
