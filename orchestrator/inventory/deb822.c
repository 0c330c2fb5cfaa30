/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A Packages file has a million lines of which a few thousand matter, so a line is looked at where
 * it was fed: only the pieces of a line that was cut, and the values asked for, are ever copied.
 */
#include "rebake/inventory/deb822.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { NO_FIELD = -1 };

struct rb_deb822 {
    struct rb_deb822_options options;
    size_t name_count;
    size_t name_sizes[RB_DEB822_FIELDS_MAX];
    uint32_t by_letter[256]; /* the fields whose name starts with a letter, a bit each */

    struct rb_strbuf cut;                 /* the start of a line whose end was not fed yet */
    struct rb_strbuf values;              /* of the current stanza, each with a NUL behind it */
    size_t offsets[RB_DEB822_FIELDS_MAX]; /* into values, plus one; 0: absent */
    int field;                            /* whose value is being read, or NO_FIELD */

    size_t line;
    size_t stanza_line; /* 0: between stanzas */
    size_t stanza_size;
    size_t stanza_count;
};

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

static void reset_file(struct rb_deb822 *reader)
{
    rb_strbuf_clear(&reader->cut);
    rb_strbuf_clear(&reader->values);
    memset(reader->offsets, 0, sizeof(reader->offsets));
    reader->field = NO_FIELD;
    reader->line = 0;
    reader->stanza_line = 0;
    reader->stanza_size = 0;
    reader->stanza_count = 0;
}

static int find_field(const struct rb_deb822 *reader, const char *name, size_t size)
{
    uint32_t candidates = reader->by_letter[lower(name[0])];
    for (; candidates != 0; candidates &= candidates - 1) {
        int field = __builtin_ctz(candidates);
        if (reader->name_sizes[field] == size &&
            strncasecmp(reader->options.names[field], name, size) == 0)
            return field;
    }
    return NO_FIELD;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Appends a line of the current field's value, without the spaces around it. */
static int keep(struct rb_deb822 *reader, const char *begin, const char *end, struct rb_err *err)
{
    while (begin < end && is_space(*begin))
        begin++;
    while (begin < end && is_space(end[-1]))
        end--;
    if (memchr(begin, '\0', (size_t)(end - begin)) != NULL)
        return rb_err_set(err, RB_EINVALID, "line %zu: field %s has a NUL byte in it", reader->line,
                          reader->options.names[reader->field]);
    rb_strbuf_append(&reader->values, begin, (size_t)(end - begin));
    return 0;
}

static void close_field(struct rb_deb822 *reader)
{
    if (reader->field != NO_FIELD)
        rb_strbuf_putc(&reader->values, '\0');
    reader->field = NO_FIELD;
}

static int end_stanza(struct rb_deb822 *reader, struct rb_err *err)
{
    close_field(reader);
    if (reader->stanza_line == 0)
        return 0;
    if (++reader->stanza_count > RB_DEB822_STANZAS_MAX)
        return rb_err_set(err, RB_ELIMIT, "line %zu: more than %d stanzas", reader->stanza_line,
                          RB_DEB822_STANZAS_MAX);
    const char *values[RB_DEB822_FIELDS_MAX];
    for (size_t i = 0; i < reader->name_count; i++)
        values[i] = reader->offsets[i] == 0 ? NULL : reader->values.data + reader->offsets[i] - 1;
    struct rb_deb822_stanza stanza = {.values = values, .line = reader->stanza_line};
    int status = reader->options.stanza(reader->options.context, &stanza, err);
    if (status != 0) {
        (void)rb_err_wrap(err, "line %zu", reader->stanza_line);
        return status;
    }
    rb_strbuf_clear(&reader->values);
    memset(reader->offsets, 0, reader->name_count * sizeof(reader->offsets[0]));
    reader->stanza_line = 0;
    reader->stanza_size = 0;
    return 0;
}

static int take_field(struct rb_deb822 *reader, const char *line, size_t size, struct rb_err *err)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL || colon == line || line[0] == '-')
        return rb_err_set(err, RB_EINVALID, "line %zu: not a \"Name: value\" field", reader->line);
    close_field(reader);
    if (reader->stanza_line == 0)
        reader->stanza_line = reader->line;
    int field = find_field(reader, line, (size_t)(colon - line));
    if (field == NO_FIELD)
        return 0;
    if (reader->offsets[field] != 0)
        return rb_err_set(err, RB_EINVALID, "line %zu: field %s stands twice in one stanza",
                          reader->line, reader->options.names[field]);
    reader->field = field;
    reader->offsets[field] = reader->values.size + 1;
    return keep(reader, colon + 1, line + size, err);
}

static int take_folded(struct rb_deb822 *reader, const char *line, size_t size, struct rb_err *err)
{
    if (reader->stanza_line == 0)
        return rb_err_set(err, RB_EINVALID,
                          "line %zu: a line that starts with a space continues no field",
                          reader->line);
    if (reader->field == NO_FIELD)
        return 0;
    rb_strbuf_putc(&reader->values, '\n');
    return keep(reader, line + 1, line + size, err);
}

/* A line without its newline. */
static int take_line(struct rb_deb822 *reader, const char *line, size_t size, struct rb_err *err)
{
    reader->line++;
    if (size > RB_DEB822_LINE_MAX)
        return rb_err_set(err, RB_ELIMIT, "line %zu: longer than %d bytes", reader->line,
                          RB_DEB822_LINE_MAX);
    reader->stanza_size += size + 1;
    if (reader->stanza_size > RB_DEB822_STANZA_MAX)
        return rb_err_set(err, RB_ELIMIT, "line %zu: the stanza is larger than %d bytes",
                          reader->line, RB_DEB822_STANZA_MAX);
    if (size == 0 || (size == 1 && line[0] == '\r'))
        return end_stanza(reader, err);
    if (line[0] == '#' && reader->options.comments)
        return 0;
    if (line[0] == ' ' || line[0] == '\t')
        return take_folded(reader, line, size, err);
    return take_field(reader, line, size, err);
}

struct rb_deb822 *rb_deb822_new(const struct rb_deb822_options *options)
{
    struct rb_deb822 *reader = rb_zalloc(sizeof(*reader));
    reader->options = *options;
    for (; options->names[reader->name_count] != NULL; reader->name_count++) {
        size_t field = reader->name_count;
        RB_ASSERT(field < RB_DEB822_FIELDS_MAX);
        reader->name_sizes[field] = strlen(options->names[field]);
        reader->by_letter[lower(options->names[field][0])] |= (uint32_t)1 << field;
    }
    reader->cut = RB_STRBUF_INIT(RB_DEB822_LINE_MAX + 1);
    reader->values = RB_STRBUF_INIT(RB_DEB822_STANZA_MAX + RB_DEB822_FIELDS_MAX);
    reset_file(reader);
    return reader;
}

void rb_deb822_free(struct rb_deb822 *reader)
{
    if (reader == NULL)
        return;
    rb_strbuf_deinit(&reader->cut);
    rb_strbuf_deinit(&reader->values);
    rb_free(reader);
}

void rb_deb822_cleanup(struct rb_deb822 **reader)
{
    rb_deb822_free(*reader);
}

/* The line that an earlier piece began, ended by the first `size` bytes of this one. */
static int take_cut_line(struct rb_deb822 *reader, const char *rest, size_t size,
                         struct rb_err *err)
{
    if (!rb_strbuf_append(&reader->cut, rest, size))
        return rb_err_set(err, RB_ELIMIT, "line %zu: longer than %d bytes", reader->line + 1,
                          RB_DEB822_LINE_MAX);
    int status = take_line(reader, reader->cut.data, reader->cut.size, err);
    rb_strbuf_clear(&reader->cut);
    return status;
}

int rb_deb822_feed(struct rb_deb822 *reader, const void *data, size_t size, struct rb_err *err)
{
    const char *at = data;
    const char *end = at + size;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            break;
        int status = reader->cut.size > 0 ? take_cut_line(reader, at, (size_t)(newline - at), err)
                                          : take_line(reader, at, (size_t)(newline - at), err);
        if (status != 0)
            return status;
        at = newline + 1;
    }
    if (!rb_strbuf_append(&reader->cut, at, (size_t)(end - at)))
        return rb_err_set(err, RB_ELIMIT, "line %zu: longer than %d bytes", reader->line + 1,
                          RB_DEB822_LINE_MAX);
    return 0;
}

int rb_deb822_end(struct rb_deb822 *reader, struct rb_err *err)
{
    int status = reader->cut.size > 0 ? take_cut_line(reader, "", 0, err) : 0;
    if (status == 0)
        status = end_stanza(reader, err);
    reset_file(reader);
    return status;
}

size_t rb_deb822_lines(const struct rb_deb822 *reader)
{
    return reader->line;
}

void rb_deb822_skip(struct rb_deb822 *reader, size_t lines)
{
    RB_ASSERT(reader->cut.size == 0 && reader->stanza_line == 0);
    reader->line += lines;
}

int rb_deb822_read(const struct rb_deb822_options *options, const void *data, size_t size,
                   const char *what, struct rb_err *err)
{
    RB_CLEANUP(rb_deb822_cleanup) struct rb_deb822 *reader = rb_deb822_new(options);
    int status = rb_deb822_feed(reader, data, size, err);
    if (status == 0)
        status = rb_deb822_end(reader, err);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}
