/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libyaml tells a problem and its context in words for people who write parsers. The table has a
 * better word for those that people meet; the rest is shown as it is.
 */
#include "syntax.h"

#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/text.h"

static const struct {
    const char *problem; /* how libyaml's text begins */
    const char *context; /* how its context begins, or NULL for any */
    bool at_context;     /* told where the context begins, not where libyaml gave up */
    const char *message;
    const char *hint;
} translations[] = {
    {"did not find expected ',' or '}'", NULL, true, "this \"{\" is not closed",
     "end it with \"}\", with a \",\" between its parts"},
    {"did not find expected ',' or ']'", NULL, true, "this \"[\" is not closed",
     "end it with \"]\", with a \",\" between its parts"},
    {"did not find expected key", NULL, false, "this line fits nothing above it",
     "indent it like its neighbours, or put text with special characters in quotes"},
    {"did not find expected '-' indicator", NULL, false,
     "this line fits nothing in the list above it", "indent it like the other items"},
    {"mapping values are not allowed in this context", NULL, false,
     "a \": \" stands where no key can be",
     "check the indentation, or put text that holds \": \" in quotes"},
    {"block sequence entries are not allowed in this context", NULL, false,
     "a \"- \" stands where no list can be", "begin the list on a line of its own"},
    {"could not find expected ':'", NULL, true, "no \":\" follows this key", "write key: value"},
    {"found unexpected end of stream", "while scanning a quoted scalar", true,
     "these quotes are not closed", "close them"},
    {"found unexpected document indicator", "while scanning a quoted scalar", true,
     "these quotes are not closed", "close them"},
    {"found a tab character", NULL, false, "a tab is used to indent", "indent with spaces"},
    {"did not find expected <document start>", NULL, false,
     "text stands behind the end of the document", "check the indentation of this line"},
    {"control characters are not allowed", NULL, false, "a control character stands here",
     "remove it"},
};

/* Where the byte at an offset stands; an offset behind the end is the end. */
static struct rb_mark mark_of_offset(const char *data, size_t size, size_t offset)
{
    struct rb_mark mark = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < size; i++) {
        if (data[i] == '\n') {
            mark.line++;
            mark.column = 1;
        } else if (((unsigned char)data[i] & 0xc0) != 0x80) {
            mark.column++;
        }
    }
    return mark;
}

/* libyaml says "cannot start any token" for a tab, and for the two characters that YAML reserves:
   the character itself tells which. */
static void report_character(struct rb_report *report, struct rb_mark mark, char character)
{
    if (character == '\t')
        rb_report_add(report, mark, "indent with spaces", "a tab is used to indent");
    else
        rb_report_add(report, mark, "put it in quotes", "text cannot begin with \"%c\"", character);
}

static struct rb_mark from_zero(const yaml_mark_t *mark)
{
    return (struct rb_mark){.line = (int)mark->line + 1, .column = (int)mark->column + 1};
}

/* The byte at which the character with this number stands. */
static size_t offset_of_character(const char *data, size_t size, size_t number)
{
    size_t offset = 0;
    while (number > 0 && offset < size) {
        do
            offset++;
        while (offset < size && ((unsigned char)data[offset] & 0xc0) == 0x80);
        number--;
    }
    return offset;
}

void rb_syntax_report(struct rb_report *report, const yaml_parser_t *parser, const char *data,
                      size_t size)
{
    const char *problem = parser->problem != NULL ? parser->problem : "cannot be read";
    const char *context = parser->context != NULL ? parser->context : "";
    struct rb_mark mark = parser->error == YAML_READER_ERROR
                              ? mark_of_offset(data, size, parser->problem_offset)
                              : from_zero(&parser->problem_mark);
    if (rb_text_starts_with(problem, "found character that cannot start any token")) {
        size_t at = offset_of_character(data, size, parser->problem_mark.index);
        report_character(report, mark, at < size ? data[at] : ' ');
        return;
    }
    for (size_t i = 0; i < RB_COUNT_OF(translations); i++) {
        if (rb_text_starts_with(problem, translations[i].problem) &&
            (translations[i].context == NULL ||
             rb_text_starts_with(context, translations[i].context))) {
            if (translations[i].at_context)
                mark = from_zero(&parser->context_mark);
            rb_report_add(report, mark, translations[i].hint, "%s", translations[i].message);
            return;
        }
    }
    rb_report_add(report, mark, NULL, "not YAML: %s%s%s", context, *context == '\0' ? "" : ": ",
                  problem);
}

bool rb_syntax_report_encoding(struct rb_report *report, const char *data, size_t size)
{
    if (rb_text_is_utf8(data, size))
        return false;
    size_t good = 0;
    for (const char *end; (end = memchr(data + good, '\n', size - good)) != NULL;) {
        size_t line_size = (size_t)(end - data) + 1 - good;
        if (!rb_text_is_utf8(data + good, line_size))
            break;
        good += line_size;
    }
    for (size_t length = 1; length <= 4 && length <= size - good;) {
        if (rb_text_is_utf8(data + good, length)) {
            good += length;
            length = 1;
        } else {
            length++;
        }
    }
    rb_report_add(report, mark_of_offset(data, size, good), "save the file as UTF-8",
                  "the byte 0x%02x is not UTF-8", (unsigned char)data[good]);
    return true;
}

bool rb_syntax_report_directive(struct rb_report *report, const char *data, size_t size)
{
    const char *at = data, *found;
    while ((found = memmem(at, size - (size_t)(at - data), "%TAG", 4)) != NULL) {
        /* what ends a line for libyaml: LF, CR, and the last byte of U+0085, U+2028, U+2029 */
        if (found == data || strchr("\n\r\x85\xa8\xa9", found[-1]) != NULL) {
            rb_report_add(report, mark_of_offset(data, size, (size_t)(found - data)), "remove it",
                          "directives have no meaning here");
            return true;
        }
        at = found + 4;
    }
    return false;
}
