/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <strings.h>

#include "language.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/inventory/pypi_name.h"

enum { HEAD_MAXIMUM = 256 * 1024 /* the description behind the fields may be long */ };

/* The value of the field that the line is of, or NULL. */
static const char *value_of(const char *line, const char *field)
{
    size_t size = strlen(field);
    if (strncasecmp(line, field, size) != 0 || line[size] != ':')
        return NULL;
    return line + size + 1 + strspn(line + size + 1, " \t");
}

static void trim(char *line)
{
    size_t size = strlen(line);
    while (size > 0 && strchr(" \t\r", line[size - 1]) != NULL)
        line[--size] = '\0';
}

int python_read(const char *path, const struct file_bytes *bytes, struct rb_inventory *inventory,
                struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(HEAD_MAXIMUM);
    const char *name = NULL, *version = NULL;
    int status;
    (void)file_bytes_whole(bytes, &text, &status, err);
    if (status != 0)
        return status;
    RB_CLEANUP_FREE char *copy = rb_strdup(rb_strbuf_text(&text));
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL && (name == NULL || version == NULL);) {
        trim(line);
        if (*line == '\0')
            break; /* the fields are over */
        name = name == NULL ? value_of(line, "Name") : name;
        version = version == NULL ? value_of(line, "Version") : version;
    }
    if (name == NULL)
        return 0;
    RB_CLEANUP_FREE char *normal = rb_pypi_name(name);
    language_add(inventory, RB_PACKAGE_PYPI, normal, version, path);
    return 0;
}
