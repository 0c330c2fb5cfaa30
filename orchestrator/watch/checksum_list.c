/* SPDX-License-Identifier: Apache-2.0 */
#include "checksum_list.h"

#include <ctype.h>
#include <string.h>

enum { HEX = RB_SHA256_HEX_SIZE - 1 };

struct line {
    const char *text;
    size_t size;
};

static struct line next_line(const char **at, const char *end)
{
    struct line line = {.text = *at};
    const char *newline = memchr(*at, '\n', (size_t)(end - *at));
    line.size = (size_t)((newline != NULL ? newline : end) - *at);
    *at = newline != NULL ? newline + 1 : end;
    while (line.size > 0 && isspace((unsigned char)line.text[line.size - 1]))
        line.size--;
    return line;
}

/* Reads 64 hexadecimal digits in either case. */
static bool read_hash(const char *text, size_t size, char *ret_sha256)
{
    if (size < HEX)
        return false;
    for (size_t i = 0; i < HEX; i++) {
        if (!isxdigit((unsigned char)text[i]))
            return false;
        ret_sha256[i] = (char)tolower((unsigned char)text[i]);
    }
    ret_sha256[HEX] = '\0';
    return true;
}

static bool names(const char *text, size_t size, const char *name)
{
    const char *slash = memrchr(text, '/', size);
    if (slash != NULL) {
        size -= (size_t)(slash + 1 - text);
        text = slash + 1;
    }
    return size == strlen(name) && memcmp(text, name, size) == 0;
}

/* "HEX  NAME", "HEX *NAME" */
static bool read_plain(const struct line *line, const char *name, char *ret_sha256)
{
    size_t start = HEX;
    if (!read_hash(line->text, line->size, ret_sha256) || line->size == HEX)
        return false;
    while (start < line->size && line->text[start] == ' ')
        start++;
    if (start == HEX)
        return false;
    if (start < line->size && line->text[start] == '*')
        start++;
    return names(line->text + start, line->size - start, name);
}

/* "SHA256 (NAME) = HEX" */
static bool read_tagged(const struct line *line, const char *name, char *ret_sha256)
{
    static const char BEFORE[] = "SHA256 (", BEHIND[] = ") = ";
    size_t before = strlen(BEFORE), behind = strlen(BEHIND) + HEX;
    if (line->size < before + behind || memcmp(line->text, BEFORE, before) != 0)
        return false;
    const char *middle = line->text + line->size - behind;
    return memcmp(middle, BEHIND, strlen(BEHIND)) == 0 &&
           read_hash(middle + strlen(BEHIND), HEX, ret_sha256) &&
           names(line->text + before, (size_t)(middle - line->text) - before, name);
}

static bool is_hash_alone(const char *data, size_t size, char *ret_sha256)
{
    const char *end = data + size;
    struct line line = next_line(&data, end);
    return data == end && line.size == HEX && read_hash(line.text, line.size, ret_sha256);
}

int rb_checksum_list_find(const char *data, size_t size, const char *name, const char *what,
                          char *ret_sha256, struct rb_err *err)
{
    const char *at = data, *end = data + size;
    bool found = false;
    if (is_hash_alone(data, size, ret_sha256))
        return 0;
    while (at < end) {
        char sha256[RB_SHA256_HEX_SIZE];
        struct line line = next_line(&at, end);
        if (!read_plain(&line, name, sha256) && !read_tagged(&line, name, sha256))
            continue;
        if (found && memcmp(sha256, ret_sha256, HEX) != 0)
            return rb_err_set(err, RB_EVERIFY, "%s has two values for %s", what, name);
        memcpy(ret_sha256, sha256, sizeof(sha256));
        found = true;
    }
    if (!found)
        return rb_err_set(err, RB_ENOTFOUND, "%s has no SHA-256 of %s", what, name);
    return 0;
}
