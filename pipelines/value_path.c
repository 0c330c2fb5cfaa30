/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

#include <string.h>

#include "rebake/base/text.h"

enum { PATH_MAXIMUM = 4096 };

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

static bool climbs(const char *path)
{
    for (const char *part = path; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (size == 2 && part[0] == '.' && part[1] == '.')
            return true;
        part += size;
        part += *part == '/';
    }
    return false;
}

/* Refuses what no path here may be. */
static bool refused(const char *text, struct rb_complaint *complaint)
{
    if (strlen(text) > PATH_MAXIMUM)
        rb_value_refuse(complaint, "is longer than 4096 bytes", NULL);
    else if (has_control(text))
        rb_value_refuse(complaint, "holds a control character", "remove it");
    else if (climbs(text))
        rb_value_refuse(complaint, "climbs out with \"..\"", "write the path without \"..\"");
    else
        return false;
    return true;
}

const char *rb_value_context_path(struct rb_arena *arena, const char *text,
                                  struct rb_complaint *complaint)
{
    if (*text == '\0')
        return rb_value_refuse(complaint, "is empty", "for the root of the repository write \".\"");
    if (*text == '/')
        return rb_value_refuse(complaint, "is absolute",
                               "write it relative to the root of the repository");
    if (refused(text, complaint))
        return NULL;
    char *path = rb_arena_alloc(arena, strlen(text) + 2), *end = path;
    for (const char *part = text; *part != '\0';) {
        size_t size = strcspn(part, "/");
        if (size > 0 && !(size == 1 && *part == '.')) {
            if (end != path)
                *end++ = '/';
            memcpy(end, part, size);
            end += size;
        }
        part += size;
        part += *part == '/';
    }
    if (end == path)
        *path = '.';
    return path;
}

const char *rb_value_recipe_file(struct rb_arena *arena, const char *text,
                                 struct rb_complaint *complaint)
{
    const char *path = rb_value_context_path(arena, text, complaint);
    if (path != NULL && rb_text_equal(path, "."))
        return rb_value_refuse(complaint, "names no file", "write for example file: Containerfile");
    return path;
}

const char *rb_value_absolute_path(struct rb_arena *arena, const char *text,
                                   struct rb_complaint *complaint)
{
    (void)arena;
    if (*text != '/')
        return rb_value_refuse(complaint, "is not an absolute path", "begin it with \"/\"");
    return refused(text, complaint) ? NULL : text;
}

const char *rb_value_path_glob(struct rb_arena *arena, const char *text,
                               struct rb_complaint *complaint)
{
    (void)arena;
    if (*text != '/')
        return rb_value_refuse(complaint, "is not an absolute path",
                               "write for example /var/log/**");
    return refused(text, complaint) ? NULL : text;
}
