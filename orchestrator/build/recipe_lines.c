/* SPDX-License-Identifier: Apache-2.0 */
#include "recipe_lines.h"

#include <string.h>
#include <strings.h>

struct span {
    const char *start;
    const char *end;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\v' ||
           character == '\f';
}

static void trim_start(struct span *span)
{
    while (span->start < span->end && is_blank(*span->start))
        span->start++;
}

static void trim_end(struct span *span)
{
    while (span->end > span->start && is_blank(span->end[-1]))
        span->end--;
}

static bool next_line(struct recipe_lines *lines, struct span *line)
{
    if (lines->at >= lines->end)
        return false;
    const char *newline = memchr(lines->at, '\n', (size_t)(lines->end - lines->at));
    line->start = lines->at;
    line->end = newline != NULL ? newline : lines->end;
    lines->at = newline != NULL ? newline + 1 : lines->end;
    lines->line++;
    if (line->end > line->start && line->end[-1] == '\r')
        line->end--;
    return true;
}

static bool is_comment(struct span line)
{
    trim_start(&line);
    return line.start < line.end && *line.start == '#';
}

static bool is_empty(struct span line)
{
    trim_start(&line);
    return line.start == line.end;
}

/* "# key=value" before anything else; a line that is none ends them. */
static bool read_directive(struct recipe_lines *lines, struct span line)
{
    trim_start(&line);
    if (line.start == line.end || *line.start++ != '#')
        return false;
    trim_start(&line);
    const char *equals = memchr(line.start, '=', (size_t)(line.end - line.start));
    if (equals == NULL)
        return false;
    struct span key = {line.start, equals}, value = {equals + 1, line.end};
    trim_end(&key);
    trim_start(&value);
    trim_end(&value);
    if (key.end - key.start == 6 && strncasecmp(key.start, "escape", 6) == 0 &&
        value.end - value.start == 1 && (*value.start == '`' || *value.start == '\\'))
        lines->escape = *value.start;
    return true;
}

void recipe_lines_init(struct recipe_lines *lines, const char *data, size_t size)
{
    *lines = (struct recipe_lines){.at = data, .end = data + size, .escape = '\\'};
    if (size >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
        lines->at += 3;
    struct recipe_lines ahead = *lines;
    struct span line;
    while (next_line(&ahead, &line) && read_directive(&ahead, line))
        lines->escape = ahead.escape;
}

/* Takes the continuation off the line's end; false when there is none. */
static bool take_continuation(const struct recipe_lines *lines, struct span *line)
{
    struct span cut = *line;
    while (cut.end > cut.start && is_blank(cut.end[-1]))
        cut.end--;
    if (cut.end == cut.start || cut.end[-1] != lines->escape)
        return false;
    line->end = cut.end - 1;
    return true;
}

static void append(struct rb_strbuf *text, struct span line)
{
    rb_strbuf_append(text, line.start, (size_t)(line.end - line.start));
}

/* Blanks at both ends, and a continuation that nothing follows: it continues nothing. */
static void trim(struct rb_strbuf *text, char dangling)
{
    size_t start = 0;
    while (text->size > 0 && (is_blank(text->data[text->size - 1]) ||
                              (dangling != '\0' && text->data[text->size - 1] == dangling)))
        text->size--;
    while (start < text->size && is_blank(text->data[start]))
        start++;
    text->size -= start;
    if (text->data != NULL) {
        memmove(text->data, text->data + start, text->size);
        text->data[text->size] = '\0';
    }
}

bool recipe_lines_next(struct recipe_lines *lines, struct rb_strbuf *text, int *ret_line)
{
    struct span line;
    do {
        rb_strbuf_clear(text);
        do {
            if (!next_line(lines, &line))
                return false;
        } while (is_comment(line) || is_empty(line));
        *ret_line = lines->line;
        bool goes_on = take_continuation(lines, &line);
        append(text, line);
        while (goes_on && next_line(lines, &line)) {
            if (is_comment(line) || is_empty(line))
                continue;
            goes_on = take_continuation(lines, &line);
            append(text, line);
        }
        trim(text, goes_on ? lines->escape : '\0');
    } while (text->size == 0 && !text->overflowed);
    return true;
}
