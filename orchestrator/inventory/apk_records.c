/* SPDX-License-Identifier: Apache-2.0 */
#include "rebake/inventory/apk_records.h"

#include <stdbool.h>
#include <string.h>

#include "rebake/base/memory.h"
#include "rebake/base/strbuf.h"

enum { LINE_MAXIMUM = 1 << 20 };

enum field { NAME, VERSION, ARCHITECTURE, ORIGIN, FIELDS };
static const char letters[] = {[NAME] = 'P', [VERSION] = 'V', [ARCHITECTURE] = 'A', [ORIGIN] = 'o'};

struct rb_apk_records {
    rb_apk_record_sink *sink;
    void *context;
    struct rb_strbuf line;
    struct rb_strbuf fields[FIELDS]; /* of the package at hand */
    bool has_fields;
};

struct rb_apk_records *rb_apk_records_new(rb_apk_record_sink *sink, void *context)
{
    struct rb_apk_records *records = rb_zalloc(sizeof(*records));
    records->sink = sink;
    records->context = context;
    records->line = RB_STRBUF_INIT(LINE_MAXIMUM);
    for (size_t i = 0; i < FIELDS; i++)
        records->fields[i] = RB_STRBUF_INIT(LINE_MAXIMUM);
    return records;
}

void rb_apk_records_free(struct rb_apk_records *records)
{
    if (records == NULL)
        return;
    rb_strbuf_deinit(&records->line);
    for (size_t i = 0; i < FIELDS; i++)
        rb_strbuf_deinit(&records->fields[i]);
    rb_free(records);
}

void rb_apk_records_cleanup(struct rb_apk_records **records)
{
    rb_apk_records_free(*records);
}

static int end_package(struct rb_apk_records *records, struct rb_err *err)
{
    const char *values[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        values[i] = rb_strbuf_text(&records->fields[i]);
    if (!records->has_fields)
        return 0;
    if (*values[NAME] == '\0' || *values[VERSION] == '\0')
        return rb_err_set(err, RB_EINVALID, "a package without name or version (%.60s)",
                          values[NAME]);
    struct rb_apk_record record = {.name = values[NAME],
                                   .version = values[VERSION],
                                   .architecture = values[ARCHITECTURE],
                                   .origin =
                                       *values[ORIGIN] == '\0' ? values[NAME] : values[ORIGIN]};
    int status = records->sink(records->context, &record, err);
    for (size_t i = 0; i < FIELDS; i++)
        rb_strbuf_clear(&records->fields[i]);
    records->has_fields = false;
    return status;
}

static int end_line(struct rb_apk_records *records, struct rb_err *err)
{
    const char *line = rb_strbuf_text(&records->line);
    int status = 0;
    if (records->line.size == 0)
        return end_package(records, err);
    if (line[1] != ':')
        return rb_err_set(err, RB_EINVALID, "\"%.40s\" is not a line \"LETTER:value\"", line);
    records->has_fields = true;
    for (size_t i = 0; i < FIELDS; i++) {
        if (line[0] != letters[i])
            continue;
        if (records->fields[i].size > 0)
            status = rb_err_set(err, RB_EINVALID, "a package has two fields %c", letters[i]);
        else
            (void)rb_strbuf_puts(&records->fields[i], line + 2);
    }
    rb_strbuf_clear(&records->line);
    return status;
}

int rb_apk_records_feed(struct rb_apk_records *records, const char *data, size_t size,
                        struct rb_err *err)
{
    const char *at = data, *end = data + size;
    int status = 0;
    if (memchr(data, '\0', size) != NULL)
        return rb_err_set(err, RB_EINVALID, "not text");
    while (at < end && status == 0) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *piece_end = newline != NULL ? newline : end;
        if (!rb_strbuf_append(&records->line, at, (size_t)(piece_end - at)))
            return rb_err_set(err, RB_ELIMIT, "a line is longer than %d bytes", LINE_MAXIMUM);
        if (newline != NULL)
            status = end_line(records, err);
        at = newline != NULL ? newline + 1 : end;
    }
    return status;
}

int rb_apk_records_end(struct rb_apk_records *records, struct rb_err *err)
{
    int status = records->line.size > 0 ? end_line(records, err) : 0;
    return status != 0 ? status : end_package(records, err);
}
