/* SPDX-License-Identifier: Apache-2.0 */
/* Registries of languages' packages. Their languages differ in one key. */
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "source_kind.h"

enum { LANGUAGE_EVERY_MS = 10 * 60 * 1000 };

#define LANGUAGE_FIELDS(key_name, key_example, packages_example)                                   \
    {                                                                                              \
        {.key = (key_name),                                                                        \
         .kind = RB_FIELD_TEXT,                                                                    \
         .required = true,                                                                         \
         .offset = RB_SOURCE_FIELD(language.url),                                                  \
         .member = "url",                                                                          \
         .read = rb_value_language_url,                                                            \
         .example = (key_example)},                                                                \
            {.key = "packages",                                                                    \
             .kind = RB_FIELD_SET,                                                                 \
             .required = true,                                                                     \
             .offset = RB_SOURCE_FIELD(language.packages),                                         \
             .member = "packages",                                                                 \
             .read = rb_value_language_package,                                                    \
             .example = (packages_example)},                                                       \
            RB_SOURCE_EVERY,                                                                       \
        {                                                                                          \
            .key = NULL                                                                            \
        }                                                                                          \
    }

static const struct rb_field pypi_fields[] = LANGUAGE_FIELDS(
    "pypi", "pypi: https://mirror.example.com/simple", "packages: [requests, flask]");
static const struct rb_field npm_fields[] = LANGUAGE_FIELDS(
    "npm", "npm: https://mirror.example.com/npm", "packages: [express, \"@types/node\"]");

static char *describe(const struct rb_source *source)
{
    size_t count = 0;
    while (source->language.packages[count] != NULL)
        count++;
    return rb_asprintf("%s %s%s", source->language.url, source->language.packages[0],
                       count > 1 ? " and others" : "");
}

const struct rb_source_language rb_source_pypi = {
    .name = "pypi", .every_ms = LANGUAGE_EVERY_MS, .fields = pypi_fields, .describe = describe};
const struct rb_source_language rb_source_npm = {
    .name = "npm", .every_ms = LANGUAGE_EVERY_MS, .fields = npm_fields, .describe = describe};
