/* SPDX-License-Identifier: Apache-2.0 */
#include "owned_files.h"

#include <string.h>

#include "finds.h"
#include "rebake/base/memory.h"

enum { PATH_MAXIMUM = 4096 };

/* The line, without its end; *text goes on behind it. NULL at the end of the text. */
static const char *next_line(const char **text, size_t *ret_size)
{
    const char *line = *text;
    if (*line == '\0')
        return NULL;
    *ret_size = strcspn(line, "\n");
    *text = line + *ret_size + (line[*ret_size] == '\n');
    return line;
}

void own_apk_files(const char *database, struct path_set *owned)
{
    const char *line, *folder = "";
    size_t size, folder_size = 0;
    while ((line = next_line(&database, &size)) != NULL) {
        if (size < 2 || line[1] != ':' || size + folder_size > PATH_MAXIMUM)
            continue;
        if (line[0] == 'F') {
            folder = line + 2;
            folder_size = size - 2;
        } else if (line[0] == 'R') {
            RB_CLEANUP_FREE char *path =
                rb_asprintf("%.*s%s%.*s", (int)folder_size, folder, folder_size > 0 ? "/" : "",
                            (int)size - 2, line + 2);
            finds_own(owned, path);
        }
    }
}

void own_md5sums(const char *text, struct path_set *owned)
{
    const char *line;
    size_t size;
    while ((line = next_line(&text, &size)) != NULL) {
        size_t hash = strcspn(line, " \n");
        size_t begin = hash + strspn(line + hash, " ");
        if (begin >= size || size > PATH_MAXIMUM)
            continue;
        RB_CLEANUP_FREE char *path = rb_strndup(line + begin, size - begin);
        finds_own(owned, path);
    }
}
