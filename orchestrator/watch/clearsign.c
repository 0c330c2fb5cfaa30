/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why we take the file apart ourselves, as apt does: the content that is handed to gpgv with the
 * detached signature is byte for byte the content that is parsed. (`gpgv --output` writes its file
 * even for a bad signature, and decides by itself what of a spliced file it took.)
 */
#include "clearsign.h"

#include <stdbool.h>
#include <string.h>

#include "rebake/base/memory.h"

static const char BEGIN_MESSAGE[] = "-----BEGIN PGP SIGNED MESSAGE-----";
static const char BEGIN_SIGNATURE[] = "-----BEGIN PGP SIGNATURE-----";
static const char END_SIGNATURE[] = "-----END PGP SIGNATURE-----";

struct reader {
    const char *at;
    const char *end;
    const char *line; /* the last one read, */
    size_t size;      /* without its line end and the white space before it, which are not signed */
};

static bool next_line(struct reader *reader)
{
    if (reader->at == reader->end)
        return false;
    const char *newline = memchr(reader->at, '\n', (size_t)(reader->end - reader->at));
    const char *line_end = newline != NULL ? newline : reader->end;
    reader->line = reader->at;
    reader->at = newline != NULL ? newline + 1 : reader->end;
    while (line_end > reader->line &&
           (line_end[-1] == ' ' || line_end[-1] == '\t' || line_end[-1] == '\r'))
        line_end--;
    reader->size = (size_t)(line_end - reader->line);
    return true;
}

static bool is_line(const struct reader *reader, const char *text)
{
    return reader->size == strlen(text) && memcmp(reader->line, text, reader->size) == 0;
}

static bool starts_line(const struct reader *reader, const char *text)
{
    return reader->size >= strlen(text) && memcmp(reader->line, text, strlen(text)) == 0;
}

/* Only "Hash:" may stand there (RFC 4880 section 7): anything else would be text that looks signed.
 */
static bool skip_headers(struct reader *reader)
{
    while (next_line(reader)) {
        if (reader->size == 0)
            return true;
        if (!starts_line(reader, "Hash: "))
            return false;
    }
    return false;
}

/* out has room for all that is left. */
static bool copy_content(struct reader *reader, char *out, size_t *ret_size)
{
    size_t used = 0;
    while (next_line(reader)) {
        if (is_line(reader, BEGIN_SIGNATURE)) {
            *ret_size = used;
            return used > 0;
        }
        size_t escape = starts_line(reader, "- ") ? 2 : 0;
        if (escape == 0 && starts_line(reader, "-"))
            return false;
        memcpy(out + used, reader->line + escape, reader->size - escape);
        used += reader->size - escape;
        out[used++] = '\n';
    }
    return false;
}

static bool skip_signature(struct reader *reader, const char **ret_end)
{
    while (next_line(reader)) {
        if (is_line(reader, END_SIGNATURE)) {
            *ret_end = reader->at;
            return true;
        }
        if (starts_line(reader, "-"))
            return false;
    }
    return false;
}

static bool only_blank_left(struct reader *reader)
{
    while (next_line(reader)) {
        if (reader->size > 0)
            return false;
    }
    return true;
}

static bool split(struct reader *reader, struct rb_clearsigned *parts)
{
    const char *signature_end = NULL;
    if (!skip_headers(reader) || !copy_content(reader, parts->content, &parts->content_size))
        return false;
    const char *signature = reader->line;
    if (!skip_signature(reader, &signature_end) || !only_blank_left(reader))
        return false;
    parts->signature_size = (size_t)(signature_end - signature);
    parts->signature = rb_strndup(signature, parts->signature_size);
    return true;
}

int rb_clearsigned_split(const char *data, size_t size, const char *what,
                         struct rb_clearsigned *ret_parts, struct rb_err *err)
{
    struct reader reader = {.at = data, .end = data + size};
    if (memchr(data, '\0', size) != NULL || !next_line(&reader) || !is_line(&reader, BEGIN_MESSAGE))
        return rb_err_set(err, RB_EVERIFY,
                          "%s is not a signed file (does the network ask for a login?)", what);
    struct rb_clearsigned parts = {.content = rb_alloc(size)};
    if (!split(&reader, &parts)) {
        rb_clearsigned_deinit(&parts);
        return rb_err_set(err, RB_EVERIFY, "%s is not one signed text with one signature behind it",
                          what);
    }
    *ret_parts = parts;
    return 0;
}

void rb_clearsigned_deinit(struct rb_clearsigned *parts)
{
    rb_free(parts->content);
    rb_free(parts->signature);
    *parts = (struct rb_clearsigned){0};
}
