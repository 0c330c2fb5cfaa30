/* SPDX-License-Identifier: Apache-2.0 */
/* Sources that are one file: of any content, or of advisories in one of the formats that are known.
   Their languages differ in one key, whose value is where the file is. */
#include "rebake/base/memory.h"
#include "source_kind.h"

#define FILE_FIELDS(key_name, key_example)                                                         \
    {                                                                                              \
        {.key = (key_name),                                                                        \
         .kind = RB_FIELD_TEXT,                                                                    \
         .required = true,                                                                         \
         .offset = RB_SOURCE_FIELD(file.url),                                                      \
         .member = "url",                                                                          \
         .read = rb_value_file_url,                                                                \
         .example = (key_example)},                                                                \
            {.key = "checksums",                                                                   \
             .kind = RB_FIELD_TEXT,                                                                \
             .offset = RB_SOURCE_FIELD(file.checksums),                                            \
             .member = "checksums",                                                                \
             .read = rb_value_file_url,                                                            \
             .example = "checksums: https://files.example.com/SHA256SUMS"},                        \
            {.key = "signature",                                                                   \
             .kind = RB_FIELD_TEXT,                                                                \
             .offset = RB_SOURCE_FIELD(file.signature),                                            \
             .member = "signature",                                                                \
             .read = rb_value_file_url,                                                            \
             .example = "signature: https://files.example.com/SHA256SUMS.asc"},                    \
            {.key = "signed-by",                                                                   \
             .kind = RB_FIELD_TEXT,                                                                \
             .offset = RB_SOURCE_FIELD(file.signed_by),                                            \
             .member = "signedBy",                                                                 \
             .read = rb_value_absolute_path,                                                       \
             .example = "signed-by: /etc/rebake/files.asc"},                                       \
            RB_SOURCE_EVERY,                                                                       \
        {                                                                                          \
            .key = NULL                                                                            \
        }                                                                                          \
    }

static const struct rb_field http_fields[] =
    FILE_FIELDS("http", "http: https://files.example.com/tool.tar.gz");
static const struct rb_field osv_fields[] =
    FILE_FIELDS("osv", "osv: https://osv.example.com/Debian:12/all.zip");
static const struct rb_field debian_tracker_fields[] =
    FILE_FIELDS("debian-tracker", "debian-tracker: https://tracker.example.com/tracker/data/json");
static const struct rb_field secdb_fields[] =
    FILE_FIELDS("secdb", "secdb: https://secdb.example.com/v3.20/main.json");
static const struct rb_field kev_fields[] =
    FILE_FIELDS("kev", "kev: https://kev.example.com/known_exploited_vulnerabilities.json");
static const struct rb_field epss_fields[] =
    FILE_FIELDS("epss", "epss: https://epss.example.com/epss_scores-current.csv.gz");

enum { FILE_EVERY_MS = 5 * 60 * 1000, FEED_EVERY_MS = 60 * 60 * 1000 };

static void complete(const struct rb_decode *decode, struct rb_mark mark, const char *subject,
                     bool is_whole, struct rb_source *source)
{
    (void)is_whole;
    bool has_signature = source->file.signature != NULL;
    if (has_signature != (source->file.signed_by != NULL))
        rb_report_add(decode->report, mark,
                      has_signature ? "write signed-by: /etc/rebake/files.asc"
                                    : "write signature: https://files.example.com/SHA256SUMS.asc",
                      "%s: \"%s\" without \"%s\"", subject,
                      has_signature ? "signature" : "signed-by",
                      has_signature ? "signed-by" : "signature");
}

static char *describe(const struct rb_source *source)
{
    return rb_strdup(source->file.url);
}

#define FILE_LANGUAGE(key_name, every, key_fields)                                                 \
    {                                                                                              \
        .name = (key_name), .every_ms = (every), .fields = (key_fields), .complete = complete,     \
        .describe = describe                                                                       \
    }

const struct rb_source_language rb_source_http = FILE_LANGUAGE("http", FILE_EVERY_MS, http_fields);
const struct rb_source_language rb_source_osv = FILE_LANGUAGE("osv", FEED_EVERY_MS, osv_fields);
const struct rb_source_language rb_source_debian_tracker =
    FILE_LANGUAGE("debian-tracker", FEED_EVERY_MS, debian_tracker_fields);
const struct rb_source_language rb_source_secdb =
    FILE_LANGUAGE("secdb", FEED_EVERY_MS, secdb_fields);
const struct rb_source_language rb_source_kev = FILE_LANGUAGE("kev", FEED_EVERY_MS, kev_fields);
const struct rb_source_language rb_source_epss = FILE_LANGUAGE("epss", FEED_EVERY_MS, epss_fields);
