/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Release files: one deb822 stanza, of which the SHA256 field lists the repository's indexes, one a
 * line: " HASH SIZE PATH" (wiki.debian.org/DebianRepository/Format). Older hashes are not read.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rebake/base/arena.h"
#include "rebake/base/memory.h"
#include "rebake/base/text.h"
#include "rebake/watch/apt.h"

/* The largest real ones (Debian sid, Ubuntu) have some 2,000 files in 300 KB. */
enum { SIZE_MAXIMUM = 8 << 20, FILES_MAXIMUM = 100000, FIELDS_MAXIMUM = 1000 };

struct field {
    const char *name;
    const char *value; /* of the field's first line, without white space around it */
};

struct rb_apt_release {
    struct rb_arena *arena; /* owns all that is pointed to */
    struct field *fields;
    size_t field_count;
    size_t field_capacity;
    struct rb_apt_file *files; /* sorted by path */
    size_t file_count;
    size_t file_capacity;
    int64_t date_at;
    int64_t valid_until_at;
};

struct line {
    const char *text;
    size_t size;
    int number;
};

struct parser {
    struct rb_apt_release *release;
    const char *what;
    const char *at;
    const char *end;
    int line_number;
    bool in_hashes; /* the last field was SHA256 */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool next_line(struct parser *parser, struct line *ret_line)
{
    if (parser->at == parser->end)
        return false;
    const char *newline = memchr(parser->at, '\n', (size_t)(parser->end - parser->at));
    const char *line_end = newline != NULL ? newline : parser->end;
    *ret_line = (struct line){.text = parser->at,
                              .size = (size_t)(line_end - parser->at),
                              .number = ++parser->line_number};
    while (ret_line->size > 0 && is_blank(ret_line->text[ret_line->size - 1]))
        ret_line->size--;
    parser->at = newline != NULL ? newline + 1 : parser->end;
    return true;
}

static int malformed(const struct parser *parser, int line_number, const char *why,
                     struct rb_err *err)
{
    return rb_err_set(err, RB_EINVALID, "%s: line %d: %s", parser->what, line_number, why);
}

/* Cuts the next word off the line; an empty one at its end. */
static struct line take_word(struct line *line)
{
    while (line->size > 0 && is_blank(line->text[0])) {
        line->text++;
        line->size--;
    }
    struct line word = *line;
    word.size = 0;
    while (word.size < line->size && !is_blank(word.text[word.size]))
        word.size++;
    line->text += word.size;
    line->size -= word.size;
    return word;
}

static bool copy_hash(const struct line *word, char *out)
{
    if (word->size != RB_SHA256_HEX_SIZE - 1)
        return false;
    for (size_t i = 0; i < word->size; i++) {
        char c = word->text[i];
        if (c >= 'A' && c <= 'F')
            c = (char)(c - 'A' + 'a');
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
        out[i] = c;
    }
    out[word->size] = '\0';
    return true;
}

static bool copy_size(const struct line *word, int64_t *ret_size)
{
    char digits[24];
    if (word->size >= sizeof(digits))
        return false;
    memcpy(digits, word->text, word->size);
    digits[word->size] = '\0';
    return rb_text_to_i64(digits, ret_size) && *ret_size >= 0;
}

static int add_file(struct parser *parser, struct line line, struct rb_err *err)
{
    struct rb_apt_release *release = parser->release;
    struct rb_apt_file file = {0};
    int number = line.number;
    struct line hash = take_word(&line), size = take_word(&line), path = take_word(&line);
    if (!copy_hash(&hash, file.sha256) || !copy_size(&size, &file.size_bytes) || path.size == 0 ||
        line.size != 0)
        return malformed(parser, number, "not \"HASH SIZE PATH\" with a SHA-256 hash", err);
    if (release->file_count == FILES_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d files", parser->what, FILES_MAXIMUM);
    file.path = rb_arena_strndup(release->arena, path.text, path.size);
    release->files = rb_arena_grow(release->arena, release->files, release->file_count,
                                   &release->file_capacity, sizeof(*release->files));
    release->files[release->file_count++] = file;
    return 0;
}

static int add_field(struct parser *parser, struct line line, struct rb_err *err)
{
    struct rb_apt_release *release = parser->release;
    const char *colon = memchr(line.text, ':', line.size);
    if (colon == NULL || colon == line.text)
        return malformed(parser, line.number, "not a field \"Name: value\"", err);
    struct field field = {
        .name = rb_arena_strndup(release->arena, line.text, (size_t)(colon - line.text))};
    if (rb_apt_release_field(release, field.name) != NULL)
        return rb_err_set(err, RB_EINVALID, "%s: line %d: %.40s is there twice", parser->what,
                          line.number, field.name);
    if (release->field_count == FIELDS_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s: more than %d fields", parser->what, FIELDS_MAXIMUM);
    const char *value = colon + 1, *value_end = line.text + line.size;
    while (value < value_end && is_blank(*value))
        value++;
    field.value = rb_arena_strndup(release->arena, value, (size_t)(value_end - value));
    release->fields = rb_arena_grow(release->arena, release->fields, release->field_count,
                                    &release->field_capacity, sizeof(*release->fields));
    release->fields[release->field_count++] = field;
    parser->in_hashes = strcasecmp(field.name, "SHA256") == 0;
    return 0;
}

static int parse_lines(struct parser *parser, struct rb_err *err)
{
    struct line line;
    bool ended = false;
    while (next_line(parser, &line)) {
        int status = 0;
        if (line.size == 0)
            ended = parser->release->field_count > 0;
        else if (ended)
            status = malformed(parser, line.number, "a second stanza", err);
        else if (!is_blank(line.text[0]))
            status = add_field(parser, line, err);
        else if (parser->release->field_count == 0)
            status = malformed(parser, line.number, "a continuation of nothing", err);
        else if (parser->in_hashes)
            status = add_file(parser, line, err);
        if (status != 0)
            return status;
    }
    if (parser->release->field_count == 0)
        return rb_err_set(err, RB_EINVALID, "%s is empty", parser->what);
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct rb_apt_file *)a)->path, ((const struct rb_apt_file *)b)->path);
}

/* Two lines that say different things of one file leave open which is meant. */
static int sort_files(struct parser *parser, struct rb_err *err)
{
    struct rb_apt_release *release = parser->release;
    if (release->file_count < 2)
        return 0;
    qsort(release->files, release->file_count, sizeof(*release->files), compare_paths);
    for (size_t i = 1; i < release->file_count; i++) {
        const struct rb_apt_file *a = &release->files[i - 1], *b = &release->files[i];
        if (strcmp(a->path, b->path) == 0 &&
            (strcmp(a->sha256, b->sha256) != 0 || a->size_bytes != b->size_bytes))
            return rb_err_set(err, RB_EINVALID, "%s: two different entries for %.200s",
                              parser->what, a->path);
    }
    return 0;
}

static int parse_date(struct parser *parser, const char *name, int64_t *ret_at, struct rb_err *err)
{
    const char *text = rb_apt_release_field(parser->release, name);
    if (text == NULL)
        return 0;
    if (rb_time_parse_http(text, ret_at, err) != 0)
        return rb_err_wrap(err, "%s: %s", parser->what, name);
    return 0;
}

static int parse(struct parser *parser, struct rb_err *err)
{
    int status = parse_lines(parser, err);
    if (status == 0)
        status = sort_files(parser, err);
    if (status == 0)
        status = parse_date(parser, "Date", &parser->release->date_at, err);
    if (status == 0)
        status = parse_date(parser, "Valid-Until", &parser->release->valid_until_at, err);
    return status;
}

int rb_apt_release_parse(const char *data, size_t size, const char *what,
                         struct rb_apt_release **ret_release, struct rb_err *err)
{
    if (size > SIZE_MAXIMUM)
        return rb_err_set(err, RB_ELIMIT, "%s is larger than %d bytes", what, SIZE_MAXIMUM);
    if (memchr(data, '\0', size) != NULL)
        return rb_err_set(err, RB_EINVALID, "%s is not text", what);
    struct rb_apt_release *release = rb_zalloc(sizeof(*release));
    release->arena = rb_arena_new();
    struct parser parser = {.release = release, .what = what, .at = data, .end = data + size};
    int status = parse(&parser, err);
    if (status != 0) {
        rb_apt_release_free(release);
        return status;
    }
    *ret_release = release;
    return 0;
}

void rb_apt_release_free(struct rb_apt_release *release)
{
    if (release == NULL)
        return;
    rb_arena_free(release->arena);
    rb_free(release);
}

const char *rb_apt_release_field(const struct rb_apt_release *release, const char *name)
{
    for (size_t i = 0; i < release->field_count; i++) {
        if (strcasecmp(release->fields[i].name, name) == 0)
            return release->fields[i].value;
    }
    return NULL;
}

const struct rb_apt_file *rb_apt_release_file(const struct rb_apt_release *release,
                                              const char *path)
{
    struct rb_apt_file wanted = {.path = path};
    if (release->file_count == 0)
        return NULL;
    return bsearch(&wanted, release->files, release->file_count, sizeof(*release->files),
                   compare_paths);
}

int64_t rb_apt_release_date(const struct rb_apt_release *release)
{
    return release->date_at;
}

int64_t rb_apt_release_valid_until(const struct rb_apt_release *release)
{
    return release->valid_until_at;
}

bool rb_apt_release_flag(const struct rb_apt_release *release, const char *name)
{
    const char *value = rb_apt_release_field(release, name);
    return value != NULL && strcasecmp(value, "yes") == 0;
}
