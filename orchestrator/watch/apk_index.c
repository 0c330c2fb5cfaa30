/* SPDX-License-Identifier: Apache-2.0 */
#include "apk_index.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"
#include "rebake/base/text.h"

/* Alpine's largest, community, has some 10 MB. */
enum { FILES_MAXIMUM = 16, LINE_MAXIMUM = 1 << 20, INDEX_MAXIMUM = 512 << 20, PIECE = 64 << 10 };

enum field { NAME, VERSION, ARCHITECTURE, ORIGIN, FIELDS };
static const char letters[] = {[NAME] = 'P', [VERSION] = 'V', [ARCHITECTURE] = 'A', [ORIGIN] = 'o'};

struct reader {
    struct rb_index_builder *builder;
    const char *architecture;
    struct rb_strbuf line;
    struct rb_strbuf fields[FIELDS]; /* of the package at hand */
    bool has_fields;
};

static void reader_deinit(struct reader *reader)
{
    rb_strbuf_deinit(&reader->line);
    for (size_t i = 0; i < FIELDS; i++)
        rb_strbuf_deinit(&reader->fields[i]);
}

/* A package that names no origin is its own. */
static int end_package(struct reader *reader, struct rb_err *err)
{
    const char *values[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        values[i] = rb_strbuf_text(&reader->fields[i]);
    if (!reader->has_fields)
        return 0;
    if (*values[NAME] == '\0' || *values[VERSION] == '\0')
        return rb_err_set(err, RB_EINVALID, "a package without name or version (%.60s)",
                          values[NAME]);
    struct rb_offer offer = {.name = values[NAME],
                             .version = values[VERSION],
                             .architecture = *values[ARCHITECTURE] == '\0' ? reader->architecture
                                                                           : values[ARCHITECTURE],
                             .source_name = *values[ORIGIN] == '\0' ? values[NAME] : values[ORIGIN],
                             .source_version = values[VERSION]};
    int status = rb_index_builder_add(reader->builder, &offer, err);
    for (size_t i = 0; i < FIELDS; i++)
        rb_strbuf_clear(&reader->fields[i]);
    reader->has_fields = false;
    return status;
}

static int end_line(struct reader *reader, struct rb_err *err)
{
    const char *line = rb_strbuf_text(&reader->line);
    int status = 0;
    if (reader->line.size == 0)
        return end_package(reader, err);
    if (line[1] != ':')
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not a line \"LETTER:value\"", line);
    reader->has_fields = true;
    for (size_t i = 0; i < FIELDS; i++) {
        if (line[0] != letters[i])
            continue;
        if (reader->fields[i].size > 0)
            status = rb_err_set(err, RB_EINVALID, "a package has two fields %c", letters[i]);
        else
            (void)rb_strbuf_puts(&reader->fields[i], line + 2);
    }
    rb_strbuf_clear(&reader->line);
    return status;
}

static int take_piece(struct reader *reader, const char *data, size_t size, struct rb_err *err)
{
    const char *at = data, *end = data + size;
    int status = 0;
    if (memchr(data, '\0', size) != NULL)
        return rb_err_set(err, RB_EINVALID, "not text");
    while (at < end && status == 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *piece_end = newline != NULL ? newline : end;
        if (!rb_strbuf_append(&reader->line, at, (size_t)(piece_end - at)))
            return rb_err_set(err, RB_ELIMIT, "a line is longer than %d bytes", LINE_MAXIMUM);
        if (newline != NULL)
            status = end_line(reader, err);
        at = newline != NULL ? newline + 1 : end;
    }
    return status;
}

static int broken(struct archive *archive, struct rb_err *err)
{
    const char *text = archive_error_string(archive);
    return rb_err_set(err, RB_EINVALID, "%.200s", text == NULL ? "broken data" : text);
}

static int read_packages(struct archive *archive, struct reader *reader, struct rb_err *err)
{
    RB_CLEANUP_FREE char *piece = rb_alloc(PIECE);
    size_t total = 0;
    int status = 0;
    for (;;) {
        la_ssize_t size = archive_read_data(archive, piece, PIECE);
        if (size < 0)
            return broken(archive, err);
        if (size == 0)
            break;
        total += (size_t)size;
        if (total > INDEX_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "larger than %d bytes when unpacked", INDEX_MAXIMUM);
        status = take_piece(reader, piece, (size_t)size, err);
        if (status != 0)
            return status;
    }
    if (reader->line.size > 0)
        status = end_line(reader, err);
    return status != 0 ? status : end_package(reader, err);
}

static int read_description(struct archive *archive, struct rb_apk_index *index, struct rb_err *err)
{
    la_ssize_t size = archive_read_data(archive, index->description, RB_APK_DESCRIPTION_SIZE - 1);
    if (size < 0)
        return broken(archive, err);
    index->description[size] = '\0';
    index->description[strcspn(index->description, "\r\n")] = '\0';
    return 0;
}

/* A tar has room for 12 octal digits, and more in its extensions. */
static int64_t time_of(struct archive_entry *entry)
{
    int64_t seconds = archive_entry_mtime(entry);
    return seconds > 0 && seconds < INT64_C(1) << 36 ? seconds * 1000 : 0;
}

static int read_files(struct archive *archive, struct reader *reader, struct rb_apk_index *index,
                      struct rb_err *err)
{
    struct archive_entry *entry;
    bool has_packages = false;
    int status = 0, result;
    for (int files = 0; status == 0; files++) {
        result = archive_read_next_header(archive, &entry);
        if (result == ARCHIVE_EOF)
            break;
        if (result != ARCHIVE_OK)
            return broken(archive, err);
        if (files == FILES_MAXIMUM)
            return rb_err_set(err, RB_ELIMIT, "more than %d files", FILES_MAXIMUM);
        const char *name = archive_entry_pathname(entry);
        if (rb_text_equal(name, "DESCRIPTION"))
            status = read_description(archive, index, err);
        if (!rb_text_equal(name, "APKINDEX"))
            continue;
        if (has_packages)
            return rb_err_set(err, RB_EINVALID, "two files APKINDEX");
        has_packages = true;
        index->made_at = time_of(entry);
        status = read_packages(archive, reader, err);
    }
    if (status == 0 && !has_packages)
        return rb_err_set(err, RB_EINVALID, "no file APKINDEX in it");
    return status;
}

int rb_apk_index_read(const void *content, size_t size, const char *architecture, const char *what,
                      struct rb_index_builder *builder, struct rb_apk_index *ret_index,
                      struct rb_err *err)
{
    RB_CLEANUP(reader_deinit)
    struct reader reader = {.builder = builder, .architecture = architecture};
    struct archive *archive = archive_read_new();
    reader.line = RB_STRBUF_INIT(LINE_MAXIMUM);
    for (size_t i = 0; i < FIELDS; i++)
        reader.fields[i] = RB_STRBUF_INIT(LINE_MAXIMUM);
    *ret_index = (struct rb_apk_index){0};
    RB_ASSERT(archive != NULL && archive_read_support_filter_gzip(archive) == ARCHIVE_OK &&
              archive_read_support_format_tar(archive) == ARCHIVE_OK);
    int status = archive_read_open_memory(archive, content, size) == ARCHIVE_OK
                     ? read_files(archive, &reader, ret_index, err)
                     : broken(archive, err);
    (void)archive_read_free(archive);
    if (status != 0)
        (void)rb_err_wrap(err, "%s", what);
    return status;
}
