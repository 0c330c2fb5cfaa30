/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/pypi_name.h"

#include <ctype.h>
#include <string.h>

#include "rebake/base/memory.h"

char *rb_pypi_name(const char *name)
{
    char *normal = rb_strdup(name), *end = normal;
    for (; *name != '\0'; name++) {
        if (strchr("-_.", *name) == NULL)
            *end++ = (char)tolower((unsigned char)*name);
        else if (end == normal || end[-1] != '-')
            *end++ = '-';
    }
    *end = '\0';
    return normal;
}
