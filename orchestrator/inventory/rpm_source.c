/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/rpm_source.h"

#include <string.h>

#include "rebake/base/text.h"

/* The name ends at the last but one dash. */
bool rb_rpm_source_split(char *file_name, const char **ret_name, const char **ret_version)
{
    size_t size = strlen(file_name);
    if (rb_text_ends_with(file_name, ".nosrc.rpm"))
        size -= strlen(".nosrc.rpm");
    else if (rb_text_ends_with(file_name, ".src.rpm"))
        size -= strlen(".src.rpm");
    file_name[size] = '\0';
    char *release = strrchr(file_name, '-');
    char *version = release == NULL ? NULL : memrchr(file_name, '-', (size_t)(release - file_name));
    if (version == NULL || version == file_name)
        return false;
    *version = '\0';
    *ret_name = file_name;
    *ret_version = version + 1;
    return true;
}
