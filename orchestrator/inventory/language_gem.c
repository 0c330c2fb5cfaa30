/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "language.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"

enum { SPECIFICATION_MAXIMUM = 1024 * 1024, WORD_ROOM = 256 };

/* "# stub: rake 13.0.6 ruby lib" stands at the top of what RubyGems installs. */
static bool read_stub(const char *line, char name[WORD_ROOM], char version[WORD_ROOM])
{
    return sscanf(line, "# stub: %255s %255s", name, version) == 2;
}

/* What is between quotes behind `s.FIELD = `, be it wrapped into a call. */
static bool read_assignment(const char *line, const char *field, char out[WORD_ROOM])
{
    line += strspn(line, " \t");
    const char *dot = strchr(line, '.');
    size_t size = strlen(field);
    if (dot == NULL || strncmp(dot + 1, field, size) != 0)
        return false;
    const char *equals = dot + 1 + size + strspn(dot + 1 + size, " \t");
    const char *open = *equals == '=' ? strpbrk(equals, "\"'") : NULL;
    const char *close = open == NULL ? NULL : strchr(open + 1, *open);
    if (close == NULL || close - open > WORD_ROOM)
        return false;
    (void)snprintf(out, WORD_ROOM, "%.*s", (int)(close - open - 1), open + 1);
    return true;
}

int gem_read(const char *path, const struct file_bytes *bytes, struct rb_inventory *inventory,
             struct rb_err *err)
{
    RB_CLEANUP(rb_strbuf_deinit) struct rb_strbuf text = RB_STRBUF_INIT(SPECIFICATION_MAXIMUM);
    char name[WORD_ROOM] = "", version[WORD_ROOM] = "";
    int status;
    if (!file_bytes_whole(bytes, &text, &status, err))
        return status;
    RB_CLEANUP_FREE char *copy = rb_strdup(rb_strbuf_text(&text));
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        if (read_stub(line, name, version))
            break;
        if (*name == '\0')
            (void)read_assignment(line, "name", name);
        if (*version == '\0')
            (void)read_assignment(line, "version", version);
        if (*name != '\0' && *version != '\0')
            break;
    }
    language_add(inventory, RB_PACKAGE_GEM, name, version, path);
    return 0;
}
