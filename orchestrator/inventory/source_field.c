/* SPDX-License-Identifier: Apache-2.0 */
#include "source_field.h"

#include <string.h>

struct rb_source_field rb_source_field_split(const char *field, const char *package,
                                             const char *version)
{
    struct rb_source_field source = {
        .name = package,
        .name_size = strlen(package),
        .version = version,
        .version_size = strlen(version),
    };
    if (field == NULL || *field == '\0')
        return source;
    source.name = field;
    source.name_size = strcspn(field, " \t\n(");
    const char *open = strchr(field, '(');
    const char *close = open == NULL ? NULL : strchr(open, ')');
    if (close != NULL && close > open + 1) {
        source.version = open + 1;
        source.version_size = (size_t)(close - open) - 1;
    }
    return source;
}
